"""URLs: an immutable `URL`, strict request targets, quoting, and targets safe to redirect to.

Text is split once and kept apart: nothing here parses a URL again from its own rendering, and
`urllib.parse.urlsplit`/`urljoin` are not used, because they strip characters that browsers keep.
"""

from msgspec import Struct
from msgspec.structs import replace as _replace

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.host import Host, parse_host

LENGTH_LIMIT = 8_192

_SEGMENT = "!$&'()*+,;=:@"
_HEX = frozenset("0123456789abcdefABCDEF")
_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-.")


class URL(Struct, frozen=True):
    """A URL in its parts, each as it stands on the wire (percent-encoded); `str()` joins them.

    Without a host it is a reference within a site: `path`, `query`, `fragment`.

    Raises:
        ValueError: A part has a character that would end it, or end the URL.
    """

    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: str = "/"
    query: str = ""
    fragment: str = ""

    def __post_init__(self) -> None:
        for part, ends in ((self.path, "?#"), (self.query, "#"), (self.fragment, "")):
            if not _is_visible(part) or any(char in part for char in ends):
                raise ValueError(f"{part!r} is not a valid part of a URL; quote it first")
        if bool(self.scheme) != bool(self.host) or not _is_scheme(self.scheme):
            raise ValueError(f"scheme {self.scheme!r} and host {self.host!r} do not go together")
        _check_authority(self.host, self.port)
        if _is_odd(self.path) or (self.path and not self.path.startswith("/")):
            raise ValueError(f"path {self.path!r} does not start with a slash, or is not quoted")
        if not self.host and self.path.startswith("//"):
            raise ValueError(f"path {self.path!r} would be read as a host")

    @classmethod
    def parse(cls, text: str) -> "URL":
        """Read `scheme://host[:port]/path?query#fragment`, or a reference that starts with `/`.

        Raises:
            BadRequest: The text is neither, is longer than 8 kB, or names a user.
        """
        if len(text) > LENGTH_LIMIT:
            raise BadRequest("the URL is too long")
        rest, _, fragment = text.partition("#")
        rest, _, query = rest.partition("?")
        scheme, separator, after = rest.partition("://")
        try:
            if not separator or rest.startswith("/"):
                return cls(path=rest, query=query, fragment=fragment)
            authority, slash, path = after.partition("/")
            host = parse_host(authority)
            return cls(scheme.lower(), host.name, host.port, slash + path or "/", query, fragment)
        except ValueError:
            raise BadRequest("malformed URL") from None

    def __str__(self) -> str:
        text = f"{self.scheme}://{self.authority}{self.path}" if self.host else self.path
        if self.query:
            text = f"{text}?{self.query}"
        return f"{text}#{self.fragment}" if self.fragment else text

    @property
    def authority(self) -> str:
        """Host and port as in a `Host` header; the scheme's own port is left out."""
        return str(Host(self.host, self.port).with_default(self.scheme))

    @property
    def origin(self) -> str:
        """Scheme, host and port as in an `Origin` header (RFC 6454 §6.2)."""
        return f"{self.scheme}://{self.authority}" if self.host else ""

    def replace(self, **parts: str | int | None) -> "URL":
        """Return a copy with some parts changed. Raises ValueError or TypeError for bad ones."""
        return _replace(self, **parts)


def _check_authority(host: str, port: int | None) -> None:
    try:
        canonical = parse_host(str(Host(host, port))) == Host(host, port) if host else port is None
    except BadRequest:
        canonical = False
    if not canonical:
        raise ValueError(f"host {host!r} with port {port!r} is not a normalised host")


def _is_scheme(scheme: str) -> bool:
    return not scheme or (scheme[0].isalpha() and _SCHEME.issuperset(scheme))


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _is_odd(path: str) -> bool:
    # No client sends these unescaped, and some readers take a backslash for a slash. Spelled out,
    # because every request passes here and a loop costs five times as much.
    return "\\" in path or '"' in path or "<" in path or ">" in path or "`" in path


def decode_path(raw: str) -> str:
    """Decode a path once: every escape must be complete, and the result strict UTF-8.

    Raises:
        BadRequest: A broken escape, invalid UTF-8, or an escaped control character.
    """
    if "%" not in raw:
        return raw
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415 - start-up: escapes

    pieces = raw.split("%")
    if not all(len(piece) >= 2 and _HEX.issuperset(piece[:2]) for piece in pieces[1:]):
        raise BadRequest("the path has an incomplete percent-escape")
    try:
        path = unquote_to_bytes(raw).decode()
    except UnicodeError:
        raise BadRequest("the path is not UTF-8") from None
    if any(char < " " or char == "\x7f" for char in path):
        raise BadRequest("the path has a control character")
    return path


def parse_target(target: str, method: str = "GET", host: str = "") -> tuple[str, str]:
    """Return the path and the query of a request target, both as sent.

    Strictly origin-form, or `*` for OPTIONS (RFC 9112 §3.2). An absolute-form is taken when its
    authority is that of `host`, the `Host` header.

    Raises:
        BadRequest: Anything else; also fragments, control characters, spaces and characters
            beyond ASCII.
    """
    if not _is_visible(target) or "#" in target:
        raise BadRequest("malformed request target")
    if not target.startswith("/"):
        if target == "*" and method == "OPTIONS":
            return "*", ""
        target = _origin_form(target, host)
    path, _, query = target.partition("?")
    if _is_odd(path):
        raise BadRequest("malformed request target")
    return path, query


def _origin_form(target: str, host: str) -> str:
    scheme, _, rest = target.partition("://")
    scheme = scheme.lower()
    length = min((place for place in map(rest.find, "/?") if place >= 0), default=len(rest))
    authority, rest = rest[:length], rest[length:]
    if scheme not in {"http", "https"} or not host:
        raise BadRequest("malformed request target")
    if parse_host(authority).with_default(scheme) != parse_host(host).with_default(scheme):
        raise BadRequest("the request target and Host name different hosts")
    return rest if rest.startswith("/") else f"/{rest}"


def quote_segment(text: str) -> str:
    """Percent-encode text as one path segment; a slash in it is encoded too.

    Raises:
        ValueError: A lone surrogate, or `.`/`..`, which no escaping keeps browsers from resolving.
    """
    if text in {".", ".."}:
        raise ValueError(f"{text!r} cannot be a path segment: browsers resolve it")
    from urllib.parse import quote  # noqa: PLC0415 - start-up: building URLs

    return quote(text, safe=_SEGMENT)


def build_path(*segments: object) -> str:
    """Return an absolute path of quoted segments; the last may be empty for a trailing slash.

    Raises:
        ValueError: As `quote_segment`; or an empty segment, which would make `//host` of it.
    """
    quoted = [quote_segment(str(segment)) for segment in segments]
    if not all(quoted[:-1]):
        raise ValueError(f"an empty path segment in {segments!r}")
    return "/" + "/".join(quoted)


def safe_redirect(target: str, default: str = "/") -> str:
    """Return a path on this site built from `target`, or `default` when it leads anywhere else.

    The result is a path and query of visible ASCII; a fragment is dropped. It is what to give
    `Location` for `?next=` and its kind (CWE-601).
    """
    if len(target) > LENGTH_LIMIT or not target.startswith("/"):
        return default
    path, question, query = target.partition("#")[0].partition("?")
    if "\\" in target or not target.isprintable() or not _stays_local(path):
        return default
    from urllib.parse import quote  # noqa: PLC0415 - start-up: redirects

    return quote(path, safe=f"/%{_SEGMENT}") + question + quote(query, safe=f"/?%{_SEGMENT}")


def _stays_local(path: str) -> bool:
    try:
        decoded = decode_path(path)
    except BadRequest:
        return False
    # Some readers resolve dot segments, decode, or take "\" for "/" before they look for a host.
    dots = any(segment in {".", ".."} for segment in decoded.split("/"))
    return not dots and "\\" not in decoded and not decoded.startswith("//")
