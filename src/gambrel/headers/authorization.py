"""`Authorization` and `WWW-Authenticate`: credentials, and what asks for them."""

from base64 import b64decode
from typing import NamedTuple

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import HEADER_LIMIT, is_token, quote_string

__all__ = ["Credentials", "challenge", "parse_authorization", "parse_basic"]


def challenge(scheme: str, **parameters: str) -> str:
    """Return one value of `WWW-Authenticate` (RFC 9110 §11.6.1): `challenge("Bearer", realm="x")`.

    Raises:
        ValueError: The scheme is no token, or a parameter cannot be sent.
    """
    if not is_token(scheme):
        raise ValueError(f"{scheme!r} is not an authentication scheme")
    # RFC 9110 §11.2: clients expect a realm in quotes even where it is a token.
    quoted = [f"{name}={quote_string(text, always=True)}" for name, text in parameters.items()]
    return f"{scheme} {', '.join(quoted)}" if quoted else scheme


class Credentials(NamedTuple):
    """What an `Authorization` header holds: the scheme in lower case, and the rest."""

    scheme: str
    value: str


def parse_authorization(text: str) -> Credentials:
    """Read `Authorization: scheme credentials` (RFC 9110 §11.6.2); only the scheme is checked.

    Raises:
        BadRequest: There is no scheme, or the header is longer than 8 kB.
    """
    scheme, _, value = text.strip(" \t").partition(" ")
    if len(text) > HEADER_LIMIT or not is_token(scheme):
        raise BadRequest("malformed Authorization header")
    return Credentials(scheme.lower(), value.strip(" "))


def parse_basic(credentials: Credentials) -> tuple[str, str]:
    """Return user name and password of `Basic` credentials in UTF-8 (RFC 7617).

    Raises:
        BadRequest: They are of another scheme, or malformed.
    """
    try:
        if len(credentials.value) % 4:
            raise ValueError(credentials.value)  # Python 3.11 passes over surplus padding
        user, colon, password = b64decode(credentials.value, validate=True).decode().partition(":")
    except ValueError:
        user = colon = password = ""
    if not colon or credentials.scheme != "basic":
        raise BadRequest("malformed Basic credentials")
    return user, password
