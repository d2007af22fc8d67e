"""Cookies: a linear-time parser for `Cookie` and a typed builder for `Set-Cookie` (RFC 6265bis).

Requests parse, responses build. The standard library's `http.cookies` is not used: it is quadratic
on some input, and its attributes can carry injected text.
"""

from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta
from typing import Literal

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.dates import format_http_date
from gambrel.core.http.headers import TOKEN

COOKIE_LIMIT = 64
SIZE_LIMIT = 4096

SameSite = Literal["strict", "lax", "none"]
Priority = Literal["low", "medium", "high"]

_VALUE = frozenset(chr(code) for code in range(0x21, 0x7F)) - frozenset('",;\\')
_PATH = frozenset(chr(code) for code in range(0x20, 0x7F)) - frozenset(";")
_DOMAIN = TOKEN - frozenset("!#$%&'*+^_`|~")
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_PRIORITY = {"low": "Low", "medium": "Medium", "high": "High"}


def parse_cookies(header: str) -> dict[str, str]:
    """Read a `Cookie` header; of several cookies with one name the first counts.

    Browsers send the one with the longest path first (RFC 6265bis §5.8.3). A pair without a name,
    with a name that is no token, or with control characters is left out: a stranger's cookie on a
    parent domain must not lock a visitor out.

    Raises:
        BadRequest: More than 64 cookies.
    """
    if header.count(";") >= COOKIE_LIMIT:
        raise BadRequest(f"more than {COOKIE_LIMIT} cookies")
    cookies: dict[str, str] = {}
    for pair in header.split(";"):
        name, equals, value = pair.partition("=")
        # Only space and tab: str.strip() would also turn "\x85__Host-x" into "__Host-x".
        name = name.strip(" \t")
        if not equals or not name or name in cookies or not TOKEN.issuperset(name):
            continue
        value = value.strip(" \t")
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if value.isprintable() or not any(char < " " or char == "\x7f" for char in value):
            cookies[name] = value
    return cookies


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One `Set-Cookie` line; `str()` renders it. The defaults are the safe values.

    `max_age` is in seconds (or a timedelta), `expires` an aware datetime; with neither the cookie
    lasts until the browser closes. `domain=None` keeps it to the exact host.

    Raises:
        ValueError: The name, value or an attribute could not be sent as given, or contradicts the
            rules of its prefix (`__Host-`, `__Secure-`), of `SameSite=None` or of `Partitioned`.
    """

    name: str
    value: str
    _: KW_ONLY
    max_age: int | timedelta | None = None
    expires: datetime | None = None
    path: str = "/"
    domain: str | None = None
    secure: bool = True
    http_only: bool = True
    same_site: SameSite | None = "lax"
    partitioned: bool = False
    priority: Priority | None = None

    def __post_init__(self) -> None:
        if not self.name or not TOKEN.issuperset(self.name):
            raise ValueError(f"cookie name {self.name!r} is not a token (RFC 9110 §5.6.2)")
        if not _VALUE.issuperset(self.value):
            raise ValueError(
                f"the value of cookie {self.name!r} has a character that cookies cannot carry: "
                "encode it first, for instance with urllib.parse.quote or Signer.dumps"
            )
        if len(self.name) + len(self.value) > SIZE_LIMIT:
            raise ValueError(f"cookie {self.name!r} is longer than {SIZE_LIMIT} bytes")
        _check_attributes(self)
        _check_promises(self)

    def __str__(self) -> str:
        """Return the value of the `Set-Cookie` header."""
        parts = [f"{self.name}={self.value}"]
        if self.max_age is not None:
            parts.append(f"Max-Age={_seconds(self.max_age)}")
        if self.expires is not None:
            parts.append(f"Expires={format_http_date(self.expires)}")
        if self.domain is not None:
            parts.append(f"Domain={self.domain}")
        parts.append(f"Path={self.path}")
        flags = (("Secure", self.secure), ("HttpOnly", self.http_only))
        parts.extend(name for name, wanted in flags if wanted)
        if self.same_site is not None:
            parts.append(f"SameSite={_SAME_SITE[self.same_site]}")
        if self.partitioned:
            parts.append("Partitioned")
        if self.priority is not None:
            parts.append(f"Priority={_PRIORITY[self.priority]}")
        return "; ".join(parts)


def _seconds(age: int | timedelta) -> int:
    return int(age.total_seconds()) if isinstance(age, timedelta) else age


def _check_attributes(given: SetCookie) -> None:
    """Check types as well as text: an untyped caller is where injection comes from."""
    age_is_number = isinstance(given.max_age, int) and not isinstance(given.max_age, bool)
    dated = isinstance(given.expires, datetime) and given.expires.tzinfo is not None
    rules = (
        (given.max_age is None or age_is_number or isinstance(given.max_age, timedelta), "max_age"),
        (given.expires is None or dated, "expires"),
        (_is_path(given.path), "path"),
        (given.domain is None or _is_domain(given.domain), "domain"),
        (given.same_site is None or given.same_site in _SAME_SITE, "same_site"),
        (given.priority is None or given.priority in _PRIORITY, "priority"),
    )
    for holds, attribute in rules:
        if not holds:
            wrong = getattr(given, attribute)
            raise ValueError(f"cookie {given.name!r}: {attribute}={wrong!r} is not valid")


def _is_path(path: object) -> bool:
    return isinstance(path, str) and path.startswith("/") and _PATH.issuperset(path)


def _is_domain(domain: object) -> bool:
    return isinstance(domain, str) and bool(domain.strip(".")) and _DOMAIN.issuperset(domain)


def _check_promises(given: SetCookie) -> None:
    # RFC 6265bis §4.1.3: browsers compare the prefixes without regard to case.
    prefix = given.name.lower()
    if prefix.startswith("__host-") and (given.domain is not None or given.path != "/"):
        raise ValueError(
            f"cookie {given.name!r}: the prefix __Host- demands path='/' and no domain"
        )
    if given.secure:
        return
    reasons = (
        (prefix.startswith(("__host-", "__secure-")), "its prefix"),
        (given.same_site == "none", "same_site='none'"),
        (given.partitioned, "partitioned=True"),
    )
    for needs_secure, reason in reasons:
        if needs_secure:
            raise ValueError(f"cookie {given.name!r}: {reason} demands secure=True")
