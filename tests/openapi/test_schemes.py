import pytest

from gambrel.openapi import schemes


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (schemes.bearer(), {"type": "http", "scheme": "bearer"}),
        (
            schemes.bearer("JWT", "Ask us."),
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "Ask us.",
            },
        ),
        (schemes.basic(), {"type": "http", "scheme": "basic"}),
        (schemes.api_key("X-Key"), {"type": "apiKey", "in": "header", "name": "X-Key"}),
        (schemes.api_key("key", "query"), {"type": "apiKey", "in": "query", "name": "key"}),
        (
            schemes.oauth2({"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}),
            {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}},
            },
        ),
        (
            schemes.openid("https://id.example"),
            {"type": "openIdConnect", "openIdConnectUrl": "https://id.example"},
        ),
    ],
)
def test_a_scheme_says_what_the_client_presents(scheme, expected):
    assert scheme == expected
