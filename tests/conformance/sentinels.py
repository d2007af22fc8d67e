"""Secrets planted in requests, settings and errors; none may stand in an answer (T-C27-1)."""

SECRETS = {
    "secret_key": "SENTINEL-secret-key-0123456789abcdef0123",
    "dsn": "SENTINEL-dsn-password",
    "api_key": "SENTINEL-api-key",
    "session": "SENTINEL-session-id",
    "authorization": "SENTINEL-bearer-token",
    "cookie": "SENTINEL-cookie-value",
    "csrf": "SENTINEL-csrf-token",
    "card": "SENTINEL-4111111111111111",
    "reset": "SENTINEL-reset-token",
    "hash": "SENTINEL-argon2-hash",
    "password": "SENTINEL-body-password",
    "upstream": "SENTINEL-upstream-credentials",
}
