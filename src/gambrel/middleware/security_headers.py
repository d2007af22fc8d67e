"""Security headers: what every response says, so that a browser takes the safe side.

`HeaderPolicy` gives the fields once, at start-up; `add_nonce` opens a page's policy for scripts and
styles that carry a nonce. Nothing here runs for a request.
"""

import os
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.headers.policies import hsts, permissions_policy

__all__ = [
    "CSP",
    "TRIAL",
    "HeaderPolicy",
    "Nonce",
    "add_nonce",
    "add_sources",
    "loose",
    "make_nonce",
    "policy_of",
    "written",
]

Kind = Literal["all", "pages", "data", "https"]

CSP, TRIAL = "content-security-policy", "content-security-policy-report-only"
SCRIPTS = "script-src"
STYLES = "style-src"
_RUNNING = frozenset({"default-src", SCRIPTS, f"{SCRIPTS}-elem", "object-src"})
_WIDE = frozenset({"*", "http:", "https:", "data:", "blob:"})
"""Sources that anybody can be, in directives for what runs."""

# What asks the visitor for something, tells of the visitor, or reaches a device.
FEATURES = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)


class HeaderPolicy(Struct, frozen=True, kw_only=True):
    """The values of the headers; an empty text leaves one out, and so does `hsts=0`.

    `page_policy` is the Content-Security-Policy of HTML, `data_policy` that of everything else.
    `trial_policy` is one that browsers only report on; `reports` is a path of this app where they
    report to, and what they report is logged.
    `features` names who may use what is off by default: `{"camera": ["self"]}`. `hsts` is in
    seconds and sent over HTTPS only.
    """

    page_policy: str = (
        "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    trial_policy: str = ""
    reports: str = ""
    data_policy: str = "default-src 'none'; frame-ancestors 'none'; sandbox"
    referrer_policy: str = "strict-origin-when-cross-origin"
    opener_policy: str = "same-origin"
    resource_policy: str = "same-origin"
    frame_options: str = "DENY"
    features: Mapping[str, list[str]] = {}
    hsts: int = 31_536_000
    hsts_subdomains: bool = True
    hsts_preload: bool = False

    def fields(self) -> Iterator[tuple[str, str, Kind]]:
        """Yield name, value and the kind of response each field is for.

        Raises ValueError for features or an HSTS policy that cannot be sent.
        """
        allowed = {**dict.fromkeys(FEATURES, ()), **self.features}
        given: tuple[tuple[str, str, Kind], ...] = (
            (CSP, self.enforced, "pages"),
            (TRIAL, self.tried, "pages"),
            ("reporting-endpoints", f'csp="{self.reports}"' if self.reports else "", "pages"),
            (CSP, self.data_policy, "data"),
            ("x-content-type-options", "nosniff", "all"),
            ("referrer-policy", self.referrer_policy, "all"),
            ("cross-origin-opener-policy", self.opener_policy, "all"),
            ("cross-origin-resource-policy", self.resource_policy, "all"),
            ("permissions-policy", permissions_policy(allowed), "all"),
            ("x-frame-options", self.frame_options, "all"),
            ("strict-transport-security", self.transport_policy(), "https"),
        )
        yield from (field for field in given if field[1])

    @property
    def enforced(self) -> str:
        """The policy of pages as it is sent."""
        return self.reporting(self.page_policy)

    @property
    def tried(self) -> str:
        """The policy that is only reported on, as it is sent."""
        return self.reporting(self.trial_policy)

    def reporting(self, policy: str) -> str:
        """Return a policy that says where to report to, for browsers new and old.

        One that says so itself is left alone.
        """
        is_said = {"report-uri", "report-to"} & directives_of(policy).keys()
        if not policy or not self.reports or is_said:
            return policy
        return f"{policy.rstrip('; ')}; report-uri {self.reports}; report-to csp"

    def transport_policy(self) -> str:
        """Return the value of `Strict-Transport-Security`, or an empty text."""
        if not self.hsts:
            return ""
        return hsts(self.hsts, subdomains=self.hsts_subdomains, preload=self.hsts_preload)

    def weakened(self) -> Iterator[str]:
        """Yield a sentence for each value that protects less than the default."""
        normal = HeaderPolicy()
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if getattr(normal, name) and not value:
                yield f"{name} is off"
            elif name.endswith("_policy") and isinstance(value, str):
                yield from (f"{name} allows {what}" for what in loose(value))


class Nonce(str):
    """A value for `nonce=` of the scripts and styles in one page; ask for it as a parameter."""

    __slots__ = ()


def make_nonce() -> Nonce:
    """Return a fresh nonce of 128 bits."""
    return Nonce(urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode())


def add_nonce(policy: str, nonce: str) -> str:
    """Return a Content-Security-Policy that takes scripts and styles with this nonce.

    What was taken before still is: files of our own need no nonce beside one that has. A directive
    that is missing begins as what `default-src` says.
    """
    given = directives_of(policy)
    sources = [f"'nonce-{nonce}'"]
    parts = {f"{name}-elem" for name in (SCRIPTS, STYLES)} & given.keys()  # they go before the rest
    return add_sources(policy, dict.fromkeys((SCRIPTS, STYLES, *sorted(parts)), sources))


def add_sources(policy: str, sources: Mapping[str, Iterable[str]]) -> str:
    """Return a Content-Security-Policy that takes more: `{"img-src": ["https://maps.example"]}`.

    A directive that is missing begins as what `default-src` says.
    """
    given = directives_of(policy)
    for name, more in sources.items():
        before = given.get(name.lower(), given.get("default-src"))
        if before is not None:  # else whatever there is is taken
            given[name.lower()] = " ".join([before.replace("'none'", ""), *more]).strip()
    return written(given)


def loose(policy: str) -> Iterator[str]:
    """Yield what a Content-Security-Policy lets strangers do in a page."""
    given = directives_of(policy)
    unsafe = [word for word in policy.replace(";", " ").split() if "unsafe-" in word.lower()]
    if unsafe:
        yield " ".join(unsafe)
    for name in sorted(_RUNNING & given.keys() - ({"default-src"} if SCRIPTS in given else set())):
        wide = [word for word in given[name].split() if word.lower() in _WIDE]
        if wide:
            yield f"{' '.join(wide)} in {name}"


def directives_of(policy: str) -> dict[str, str]:
    """Return the sources of a policy by directive; the first of a name counts."""
    given: dict[str, str] = {}
    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        if name:
            given.setdefault(name.lower(), sources.strip())
    return given


def written(directives: Mapping[str, str]) -> str:
    """Return directives as a policy."""
    return "; ".join(f"{name} {sources}".strip() for name, sources in directives.items())


def policy_of(request: Request, known: HeaderPolicy) -> str:
    """Return the policy of the page that answers a request; `known` is that of the app."""
    own: Any = vars(request.state).get("page_policy")
    if own is None:
        return known.enforced
    return known.reporting(add_sources(own.policy or known.page_policy, own.add))
