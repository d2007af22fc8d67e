"""`Sessions`: the extension that gives handlers the session of their visitor, and messages."""

import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from gambrel.core.http.errors import HTTPError
from gambrel.core.http.request import Request
from gambrel.extend import TEMPLATE_GLOBALS, TRUSTED_ORIGINS, Level, Problem, Setup
from gambrel.origins import OriginGuard, check_open
from gambrel.sessions.consent import Consent
from gambrel.sessions.cookies import Drafting, Encrypting, Sealing, Signing, keep_private
from gambrel.sessions.flash import Flash
from gambrel.sessions.keepers import CookieKeeper, Keeper, Life, StoreKeeper
from gambrel.sessions.session import Session
from gambrel.sessions.stores.store import Store
from gambrel.sessions.tokens import OPENS, CSRFToken, check_token, token_in_page

__all__ = ["SessionSettings", "Sessions"]

T = TypeVar("T", bound=Drafting)
_log = logging.getLogger("gambrel.sessions")


class SessionSettings(Struct, frozen=True, kw_only=True):
    """How long sessions last, in seconds, and whether their cookies are encrypted.

    `name` is that of the cookie: apps below one another have a session each by a name each.
    `trusted` are further origins whose pages may make requests that change something. With
    `tokens`, such a request must bring the token of its visitor's session as well. While a store
    does not answer, who comes with a session gets a 503 (`refuse`), or is taken for a stranger
    (`stranger`): to look is possible then, and to change something a 503. `purposes` are what
    visitors are asked for, by `Consent`.
    """

    name: Annotated[
        str, Meta(pattern="^[A-Za-z0-9_-]{1,40}$", description="that of the cookie")
    ] = "session"
    idle: Annotated[int, Meta(ge=60, description="seconds without use until it ends")] = 2 * 3600
    total: Annotated[int, Meta(ge=60, description="seconds until it ends in any case")] = (
        7 * 24 * 3600
    )
    encrypt: Annotated[bool, Meta(description="nobody else can read the cookie")] = False
    trusted: Annotated[
        list[str], Meta(description="further origins whose pages may change something")
    ] = []
    tokens: Annotated[bool, Meta(description="what changes something must bring a token")] = False
    store_down: Annotated[
        Literal["refuse", "stranger"],
        Meta(description="a visitor with a session, while the store does not answer"),
    ] = "refuse"
    purposes: Annotated[
        list[str], Meta(description="what visitors are asked for, by `Consent`")
    ] = []


class Sessions:
    """Give `session: Session`, `flash: Flash` and `consent: Consent` to handlers.

    A session is in a signed cookie; with a `store` only its id is. It ends after `idle` seconds
    without use, and after `total` in any case. With `encrypt` the cookie cannot be read either.
    A page of another site that would change something with it is refused (403).
    """

    name = "sessions"
    requires = ()

    def __init__(self, *, store: Store | None = None, **settings: Any) -> None:
        self.store = store
        self.settings = SessionSettings(**settings)
        self.keeper: Keeper | None = None

    def install(self, setup: Setup) -> None:
        """Provide them."""
        given: SessionSettings = setup.settings.sessions
        keys = [key.reveal() for key in setup.settings.core.secret_keys]
        if not keys:  # nobody serves it, or not with `gambrel run`
            keys = [secrets.token_urlsafe(48)]
            setup.lifespan(warn_of_keys)
        make: type[Signing | Encrypting] = Encrypting if given.encrypt else Signing
        sealing: Sealing = make(keys, "session")
        guard = OriginGuard(trusted=given.trusted, allow_unknown=True)
        for origin in given.trusted:
            setup.add(TRUSTED_ORIGINS, origin)
        life = Life(given.idle, given.total)
        keeper: Keeper = CookieKeeper(sealing, life, given.name)
        if self.store is not None:
            prepare: Any = getattr(self.store, "prepare", None)
            if prepare is not None:
                prepare(setup)
            goes_on = given.store_down == "stranger"
            keeper = StoreKeeper(self.store, life, given.name, goes_on=goes_on)
            setup.lifespan(self.closing)

        self.keeper = keeper
        messages = "flash" if given.name == "session" else f"{given.name}-flash"

        if given.tokens:
            setup.provide(CSRFToken, csrf_token)
            setup.add(TEMPLATE_GLOBALS, ("csrf_token", token_in_page))
        setup.check(check_open, deploy=True)
        setup.check(check_shared)
        setup.provide(Session, opening(guard, keeper, tokens=given.tokens))
        offer(setup, "flash", Flash, lambda request: Flash(request, sealing, messages))
        offer(setup, "consent", Consent, lambda request: Consent(request, sealing, given.purposes))

    async def closing(self) -> AsyncIterator[None]:
        """Close the store with the app, if it has anything to close."""
        yield
        close = getattr(self.store, "close", None)
        if close is not None:
            await close()


def opening(
    guard: OriginGuard, keeper: Keeper, *, tokens: bool
) -> Callable[[Request], AsyncIterator[Session]]:
    """Return what opens the session of a request, and keeps it once its handler has succeeded."""

    async def session(request: Request) -> AsyncIterator[Session]:
        guard.check(request)
        found = await keeper.open(request)
        token = CSRFToken(found) if tokens else None
        try:
            if token is not None:
                request.state[CSRFToken] = token
                await check_token(request, token)
            yield found  # what fails here keeps nothing
            if is_streamed(request):
                found.touch()
            await keeper.close(request, found)
        except BaseException:
            with suppress(HTTPError):
                if token is not None:  # its page may show one, and can make none
                    token.end()
            raise
        finally:
            if found.is_touched:
                keep_private(request)
            found.close()

    setattr(session, OPENS, True)
    return session


async def csrf_token(request: Request, _: Session) -> CSRFToken:
    """Return the token of a visitor's session, which was checked where the session was opened."""
    found: CSRFToken = request.state[CSRFToken]
    return found


def offer(setup: Setup, name: str, kind: type[T], make: Callable[[Request], T]) -> None:
    """Give an object that each request has one of to handlers, by type, and to templates."""

    def of(request: Request) -> T:
        if kind not in request.state:
            request.state[kind] = make(request)
        return request.state[kind]

    async def give(request: Request) -> AsyncIterator[T]:
        found = of(request)
        yield found
        found.close()

    setup.provide(kind, give)
    setup.add(TEMPLATE_GLOBALS, (name, of))


def check_shared(app: Any) -> Iterator[Problem]:
    """Warn of apps below one another whose sessions have cookies of the same name."""
    for route in app.build().routes:
        below: Any = route.handler if route.kind == "mount" else None
        names = {getattr(one, "name", "") for one in getattr(below, "extensions", ())}
        if "sessions" not in names:
            continue
        below.build()
        name = below.settings.sessions.name
        if name == app.settings.sessions.name:
            what = (
                f"the app at {route.pattern.text} and the one around it share the cookie {name!r}"
            )
            hint = (
                "with the same key, `user = 1` of one is that of the other: Sessions(name='admin')"
            )
            yield Problem("sessions.shared", what, hint, route.where, Level.WARNING)


def is_streamed(request: Request) -> bool:
    """Whether a handler is a generator, which looks at its session when the answer has begun."""
    plan = getattr(request.endpoint, "plan", None)
    return plan is not None and plan.signature.is_generator


async def warn_of_keys() -> AsyncIterator[None]:
    """Say that sessions end with this process."""
    _log.warning(
        "no secret key is set: sessions are signed with one made up for this process, and end with "
        "it; set GAMBREL_SECRET_KEY"
    )
    yield
