"""The TLS context of a server: certificate and key from files, HTTP/1.1 by ALPN (RFC 7301)."""

import ssl
from pathlib import Path

from gambrel.core.http.errors import GambrelError

__all__ = ["tls_context"]


def tls_context(
    certificate: str | Path,
    key: str | Path | None = None,
    password: str | None = None,
    *,
    client_ca: str | Path | None = None,
) -> ssl.SSLContext:
    """Return a context for `serve`: TLS 1.2 or newer, with Python's choice of ciphers.

    `certificate` is a PEM file with the whole chain; `key` may stand in the same file. With
    `client_ca`, clients must have a certificate that one of those in that file has signed.

    Raises:
        GambrelError: A file cannot be read, or certificate and key do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Without a callback OpenSSL would ask for the password on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: password or "")
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise GambrelError(
            "server.certificate",
            f"the certificate or its key cannot be used: {error.strerror or error}",
            ", ".join(str(file) for file in (certificate, key, client_ca) if file),
            "give PEM files: the certificate with its chain, and the private key that it is for",
        ) from None
    return context
