"""Typed values of single headers: builders that refuse injection, parsers that are linear.

Responses, middleware, pagination and authentication build with them; content negotiation, media
types and proxies split text with them. Nothing here knows a request.
"""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from gambrel.core.http.errors import BadRequest

TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

HEADER_LIMIT = 8_192


def is_token(text: str) -> bool:
    """Say whether text is a token (RFC 9110 §5.6.2)."""
    return bool(text) and TOKEN.issuperset(text)


def split_outside_quotes(text: str, separator: str) -> list[str]:
    """Split at a one-character separator that stands outside of quoted strings; trim each part.

    Raises:
        BadRequest: A quoted string does not end, or the text is longer than 8 kB.
    """
    if len(text) > HEADER_LIMIT:
        raise BadRequest("header value too long")
    if '"' not in text:
        return [part.strip(" \t") for part in text.split(separator)]
    parts, start, quoted, escaped = [], 0, False, False
    for place, char in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            parts.append(text[start:place].strip(" \t"))
            start = place + 1
    if quoted:
        raise BadRequest("a quoted string does not end")
    return [*parts, text[start:].strip(" \t")]


def unquote_string(text: str) -> str:
    """Return the text of a quoted string (RFC 9110 §5.6.4); a token is returned as it is.

    Raises:
        BadRequest: The text is neither.
    """
    if TOKEN.issuperset(text):
        return text
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        raise BadRequest("malformed header parameter")
    inside = text[1:-1]
    if "\\" not in inside and '"' not in inside:
        return inside
    plain, escaped = [], False
    for char in inside:
        if char == "\\" and not escaped:
            escaped = True
            continue
        if char == '"' and not escaped:
            raise BadRequest("malformed header parameter")
        plain.append(char)
        escaped = False
    if escaped:
        raise BadRequest("malformed header parameter")
    return "".join(plain)


def quote_string(text: str, *, always: bool = False) -> str:
    """Return text as a quoted string, or as it is where it is a token and not `always` quoted.

    Raises:
        ValueError: A control character, or one beyond latin-1: headers cannot carry it.
    """
    if is_token(text) and not always:
        return text
    if any(char < " " or char == "\x7f" or char > "\xff" for char in text):
        raise ValueError(f"{text!r} has a character that a header cannot carry")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parse_parameters(parts: Iterable[str]) -> dict[str, str]:
    """Read `name=value` parameters, names in lower case.

    Raises:
        BadRequest: One has no value, no name, or a name that another has.
    """
    parameters: dict[str, str] = {}
    for part in parts:
        if not part:
            continue
        name, equals, value = part.partition("=")
        name = name.lower()
        if not equals or not is_token(name) or not value or name in parameters:
            raise BadRequest("malformed header parameter")
        parameters[name] = unquote_string(value)
    return parameters


def render_parameters(parameters: Mapping[str, str], separator: str = "; ") -> str:
    """Return parameters as text, quoted where needed. Raises ValueError for bad names or values."""
    for name in parameters:
        if not is_token(name):
            raise ValueError(f"{name!r} is not a parameter name")
    return separator.join(f"{name}={quote_string(text)}" for name, text in parameters.items())


Disposition = Literal["attachment", "inline"]


def content_disposition(disposition: Disposition = "attachment", filename: str = "") -> str:
    """Return a `Content-Disposition` with an ASCII name and, where needed, the real one (RFC 6266).

    Raises:
        ValueError: The name has a slash, a backslash or a control character.
    """
    if disposition not in {"attachment", "inline"}:
        raise ValueError(f"{disposition!r} is not a disposition: use 'attachment' or 'inline'")
    if not filename:
        return disposition
    if not _is_file_name(filename):
        raise ValueError(f"{filename!r} is not a file name: no slashes, no control characters")
    # RFC 6266 appendix D: no percent sign or quote in the plain form, where readers disagree.
    plain = "".join(char if " " <= char < "\x7f" and char not in '%"' else "_" for char in filename)
    if plain == filename:
        return f'{disposition}; filename="{filename}"'
    # RFC 8187 §3.2.1 attr-char.
    from urllib.parse import quote  # noqa: PLC0415 - start-up: file names

    extended = quote(filename, safe="!#$&+-.^_`|~")
    return f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{extended}"


def _is_file_name(name: str) -> bool:
    # Bidirectional controls are unprintable too: they make "gpj.exe" look like "exe.jpg".
    return name.isprintable() and not any(char in name for char in "/\\")


def link(target: str, rel: str, **parameters: str) -> str:
    """Return one value of `Link` (RFC 8288), for instance for the next page.

    Raises:
        ValueError: The target is not a quoted URL, or a parameter cannot be sent.
    """
    if not target.isascii() or not target.isprintable() or any(char in target for char in ' <>"'):
        raise ValueError(f"{target!r} is not a URL reference; quote it first")
    named = {name.rstrip("_"): text for name, text in parameters.items()}
    text = f"<{target}>; rel={quote_string(rel, always=True)}"
    return f"{text}; {render_parameters(named)}" if named else text


def retry_after(when: int | datetime) -> str:
    """Return a `Retry-After` of seconds, or of an aware datetime (RFC 9110 §10.2.3)."""
    if isinstance(when, datetime):
        from gambrel.core.http.fields.conditional import (  # noqa: PLC0415 - start-up: dates
            format_http_date,
        )

        return format_http_date(when)
    if when < 0:
        raise ValueError(f"Retry-After cannot be {when} seconds")
    return str(int(when))


def parse_retry_after(text: str, now: datetime | None = None) -> int | None:
    """Return the seconds that a `Retry-After` asks to wait; None when it says nothing readable."""
    text = text.strip(" \t")
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return int(text)
    from gambrel.core.http.fields.conditional import (  # noqa: PLC0415 - start-up: dates
        parse_http_date,
    )

    moment = parse_http_date(text)
    if moment is None:
        return None
    return max(0, int((moment - (now or datetime.now(UTC))).total_seconds()))


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
        colon = ""
    if not colon or credentials.scheme != "basic":
        raise BadRequest("malformed Basic credentials")
    return user, password


def hsts(max_age: int = 31_536_000, *, subdomains: bool = True, preload: bool = False) -> str:
    """Return a `Strict-Transport-Security` value (RFC 6797); `max_age` is in seconds.

    Raises:
        ValueError: A negative age, or `preload` without what the preload list demands.
    """
    if max_age < 0:
        raise ValueError(f"max_age={max_age} is negative")
    if preload and (max_age < 31_536_000 or not subdomains):
        raise ValueError("preload demands subdomains=True and max_age of at least 31536000")
    flags = (("; includeSubDomains", subdomains), ("; preload", preload))
    return f"max-age={int(max_age)}" + "".join(flag for flag, wanted in flags if wanted)


def permissions_policy(features: Mapping[str, Iterable[str]]) -> str:
    """Return a `Permissions-Policy` value: each feature with those who may use it.

    Nobody is `()`; otherwise `"self"`, `"*"`, or origins such as `"https://maps.example"`.

    Raises:
        ValueError: A feature or origin cannot be sent.
    """
    parts = []
    for feature, given in features.items():
        if (
            not feature.replace("-", "").isalnum()
            or not feature.isascii()
            or isinstance(given, str)
        ):
            raise ValueError(f"{feature!r}: {given!r} is not a feature with a list of origins")
        allowed = [one if one in {"self", "*"} else f'"{_origin(one)}"' for one in given]
        parts.append(f"{feature}=*" if "*" in allowed else f"{feature}=({' '.join(allowed)})")
    return ", ".join(parts)


def _origin(text: str) -> str:
    if not text.isascii() or not text.isprintable() or any(char in text for char in ' "\\,;()'):
        raise ValueError(f"{text!r} is not an origin")
    return text
