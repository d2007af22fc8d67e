"""`Cache-Control` as a typed value (RFC 9111 §5.2, RFC 5861, RFC 8246).

Handlers, static files and caches build with it; the HTTP cache and the client parse with it.
"""

from msgspec import Struct

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import split_outside_quotes, unquote_string

__all__ = ["CacheControl"]

# RFC 9111 §1.2.2: what is larger counts as this.
MAX_SECONDS = 2**31
DIRECTIVE_LIMIT = 32


class CacheControl(Struct, frozen=True, kw_only=True):
    """The directives of a `Cache-Control` header; `str()` renders it. Times are in seconds.

    `max_stale`, `min_fresh` and `only_if_cached` are for requests.

    Raises:
        ValueError: A negative time, or directives that contradict each other.
    """

    public: bool = False
    private: bool = False
    no_store: bool = False
    no_cache: bool = False
    no_transform: bool = False
    must_revalidate: bool = False
    proxy_revalidate: bool = False
    must_understand: bool = False
    immutable: bool = False
    only_if_cached: bool = False
    max_age: int | None = None
    s_maxage: int | None = None
    stale_while_revalidate: int | None = None
    stale_if_error: int | None = None
    max_stale: int | None = None
    min_fresh: int | None = None

    def __post_init__(self) -> None:
        for name in _SECONDS:
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and 0 <= value <= MAX_SECONDS):
                raise ValueError(f"{name}={value!r} is not a number of seconds")
        if self.public and (self.private or self.no_store):
            raise ValueError("public contradicts private and no_store")

    @classmethod
    def parse(cls, header: str) -> "CacheControl":
        """Read a header; unknown directives are left out, of a contradiction the stricter holds.

        A time that is malformed or given twice counts as 0: stale (RFC 9111 §4.2.1).

        Raises:
            BadRequest: More than 32 directives, or a quoted string without end.
        """
        directives = split_outside_quotes(header, ",")
        if len(directives) > DIRECTIVE_LIMIT:
            raise BadRequest(f"more than {DIRECTIVE_LIMIT} cache directives")
        given: dict[str, bool | int] = {}
        for directive in directives:
            name, _, text = directive.partition("=")
            name = name.strip(" \t").lower().replace("-", "_")
            if name in _FLAGS:
                given[name] = True
            elif name in _SECONDS:
                given[name] = 0 if name in given else _parse_seconds(name, text)
        if "private" in given or "no_store" in given:
            given.pop("public", None)
        return cls(**given)  # type: ignore[arg-type]  # sorted by _FLAGS and _SECONDS above

    def __str__(self) -> str:
        parts = []
        for name in _FLAGS | _SECONDS:
            value = getattr(self, name)
            directive = name.replace("_", "-")
            if value is True:
                parts.append(directive)
            elif value is not None and value is not False:
                parts.append(f"{directive}={value}")
        return ", ".join(parts)


# Ordered like the fields; dicts because sets forget their order.
_DEFAULTS = dict(zip(CacheControl.__struct_fields__, CacheControl.__struct_defaults__, strict=True))
_FLAGS = {name: None for name, default in _DEFAULTS.items() if default is False}
_SECONDS = {name: None for name in _DEFAULTS if name not in _FLAGS}


def _parse_seconds(name: str, text: str) -> int:
    try:
        digits = unquote_string(text.strip(" \t"))
    except BadRequest:
        return 0
    if not digits and name == "max_stale":
        # RFC 9111 §5.2.1.2: without a value, any age will do.
        return MAX_SECONDS
    if not digits.isascii() or not digits.isdigit():
        return 0
    return min(int(digits), MAX_SECONDS) if len(digits) <= 19 else MAX_SECONDS
