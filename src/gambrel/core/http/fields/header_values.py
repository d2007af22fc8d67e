"""What the values of headers are made of: tokens, quoted strings, parameters, file names.

Builders refuse injection, parsers are linear. Media types, negotiation and proxies split text with
them, and so do the typed values of `gambrel.headers`. Nothing here knows a request.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.headers import TOKEN

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
