"""`SecurityHeaders`: the extension that bakes security headers into every response.

Apart from the other extensions of this battery, because every app has it and few have those.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Self

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.headers import check_value
from gambrel.core.http.request import Request
from gambrel.extend import TEMPLATE_GLOBALS, Level, Problem, Setup
from gambrel.middleware.security_headers import (
    CSP,
    TRIAL,
    HeaderPolicy,
    Nonce,
    add_nonce,
    make_nonce,
    policy_of,
)

__all__ = ["SecurityHeaders"]


class SecurityHeaders(HeaderPolicy, frozen=True, kw_only=True):
    """Send security headers with every response that has none of its own; see `HeaderPolicy`.

    They are part of heads made at start-up and cost a request nothing. `Strict-Transport-Security`
    is left out in debug. A handler that asks for a
    `Nonce` gets one, and its page the policy that goes with it.
    """

    name = "security_headers"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the headers, the nonce, and the check of what was weakened.

        Raises GambrelError for a value that cannot be sent.
        """
        policy: HeaderPolicy = setup.settings.security_headers
        # A browser would ask for all that this machine serves by HTTPS, for a year.
        left_out = {"https"} if setup.settings.core.debug else set()
        try:
            for name, value, on in policy.fields():
                if on not in left_out:
                    setup.response_header(name, check_value(name, value), on=on)
        except ValueError as error:
            raise GambrelError(
                "middleware.security-headers",
                f"the security headers cannot be sent: {error}",
                "SecurityHeaders(...), or its settings",
                "correct that value, or leave it out for the default",
            ) from error
        if policy.reports:
            from gambrel.middleware.headers.reports import Collector, options  # noqa: PLC0415 - start-up: reports

            setup.route(policy.reports, Collector().collect, **options())
        setup.provide(Nonce, partial(nonce_of, policy))
        setup.add(TEMPLATE_GLOBALS, ("csp_nonce", partial(nonce_in_page, policy)))
        setup.check(check_weakened, deploy=True)


def nonce_of(policy: HeaderPolicy, request: Request) -> Nonce:
    """Return the nonce of the page that answers a request, whose policy will name it.

    No shared cache keeps that page: a nonce that others know is none.
    """
    if Nonce not in request.state:
        request.state[Nonce] = make_nonce()
    request.draft.headers.setdefault("cache-control", "private")
    nonce = request.state[Nonce]
    request.draft.headers[CSP] = add_nonce(policy_of(request, policy), nonce)
    if policy.trial_policy:
        request.draft.headers[TRIAL] = add_nonce(policy.tried, nonce)
    return nonce


def nonce_in_page(policy: HeaderPolicy, request: Request) -> Callable[[], Nonce]:
    """Return `csp_nonce()` of templates; a page that does not call it keeps its policy."""
    return partial(nonce_of, policy, request)


def check_weakened(app: Any) -> Iterable[Problem]:
    """Yield each security header that says less than it would by default."""
    for sentence in app.settings.security_headers.weakened():
        yield weak(f"security headers: {sentence}", "SecurityHeaders(...)")
    for route in app.routes:
        for one in route.options.middleware:  # a `PagePolicy` is loaded by apps that have one
            for what in getattr(one, "loosens", list)():
                yield weak(f"pages of {route.pattern} allow {what}", "PagePolicy(...)", route.where)


def weak(what: str, of: str, where: str = "") -> Problem:
    """Return the problem of what protects less than it could."""
    hint = f"drop it from {of}, or silence this check if it is meant"
    return Problem("middleware.weak-headers", what, hint, where, Level.WARNING)
