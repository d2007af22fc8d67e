"""`Setup`: what an extension, or the app itself, may declare; and the Points the core owns.

Every verb is one line over `add(point, value)`. The build reads the Points; nothing is done here.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from enum import IntEnum
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from gambrel.checks import Check, CheckFunction
from gambrel.core.app.errors import ErrorHandler, HandleError
from gambrel.core.app.events import Event, Listener
from gambrel.core.app.lifespan import Entry
from gambrel.core.app.points import APP, Declarations, Declared, Point
from gambrel.core.app.settings import Settings
from gambrel.core.binding.providers import Provider, Scope, check_known
from gambrel.core.binding.signature import location_of
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.routing.route import caller
from gambrel.core.routing.router import Router

T = TypeVar("T")
E = TypeVar("E", bound=Event)

AdaptHandler = Callable[[Callable[..., Any]], Callable[..., Any] | None]
ParseBody = Callable[[bytes], Any]
HeadersOn = Literal["all", "pages", "data", "https"]


class Band(IntEnum):
    """Where a middleware stands, from the outermost band to the innermost."""

    EDGE = 0
    TRANSPORT = 1
    SESSION = 2
    AUTH = 3
    APP = 4


class RouterEntry(Struct, frozen=True):
    """A group of routes under a prefix."""

    router: Router
    prefix: str = ""


class MiddlewareEntry(Struct, frozen=True):
    """A middleware and its band."""

    call: Callable[..., Any]
    band: Band = Band.APP


class Mounted(Protocol):
    """Another app within this one; `where` it was mounted."""

    where: str

    def endpoint(
        self, failed: Callable[..., Awaitable[Response]], *sockets: Callable[..., Any]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return what hands requests to the app; `failed` answers its errors.

        `sockets` is the value of WEBSOCKETS, if there is one.
        """
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Run the lifespan of the app."""
        ...


class CommandEntry(Struct, frozen=True):
    """A function that `gambrel NAME` runs."""

    name: str
    run: Callable[..., Any]


ROUTERS: Point[RouterEntry] = Point("router")
MIDDLEWARE: Point[MiddlewareEntry] = Point("middleware")
PROVIDERS: Point[Provider] = Point("provider", key=lambda provider: provider.kind)
ERROR_HANDLERS: Point[ErrorHandler] = Point("error handler", key=lambda entry: entry.match)
HANDLER_ADAPTER: Point[AdaptHandler] = Point("handler adapter")
"""Turns a handler of another calling convention into one of ours: `adapt(handler)`, or None."""
MOUNTING: Point[Callable[[Any, str], Mounted]] = Point("Mounts", key=lambda _: "mounting")
"""Serves the apps that `mount` and `raw` declare: `mounted(app, where)`."""
WEBSOCKETS: Point[Callable[..., Any]] = Point("WebSockets", key=lambda _: "websockets")
"""Opens WebSockets: `serve(call, failed, limit, plan)` returns what answers a route's handshakes.

`call(request)` is its handler and `failed(request, error)` answers errors. Without a plan, the call
is given the socket: `call(request, socket)`.
"""
OBSERVERS: Point[Callable[[Request, int, float], None]] = Point("observer")
"""Hears of every answer on the event loop: `observe(request, status, seconds)`, until its head."""
ANSWERED: Point[Callable[[Request, int, int | None, float], None]] = Point("hearer of answers")
"""Hears of every answer whose last byte was sent: `hear(request, status, size, seconds)`.

`size` is in bytes of content, None where nobody has counted; 499 says that the client has left
before its answer.
"""
ENTRANCES: Point[Callable[[Request], Any]] = Point("entrance")
"""Asked as a request begins, its route found, in a context of its own: `enter(request)`.

What it sets in context variables holds for all that is done for the request, in threads too, and
ends with it. It may return a middleware for this one: the same function each time.
"""
OUTGOING: Point[Callable[[str, str, dict[str, str] | None, int], Any]] = Point("hearer of calls")
"""Asked before each attempt of a request that the app makes of others, by the task that makes it:
`begin(method, url, headers, resends)`.

`headers` is what the other side will be told, to be added to; None where it is nobody of ours.
`resends` counts the attempts before. It may return `end(status, error)`, which is called once: with
0 and what was raised where there is no answer, TimeoutError for one that did not come in time.
"""
GUARDS: Point[Callable[..., Any]] = Point("guard")
"""Asked for each handler and mounted app at start-up, inside of middleware:
`guard(route, call, failed)`.

It returns what takes a request in place of `call(request)`: that itself where it has nothing to
refuse, else a function that may return `failed(request, error)`. What a middleware costs, a task,
is not paid. What is refused was not read.
"""
TRUSTED_ORIGINS: Point[str] = Point("trusted origin")
"""An origin whose pages may make requests that change something: `https://app.example.com`."""
TEMPLATE_GLOBALS: Point[tuple[str, Any]] = Point("template global", key=lambda entry: entry[0])
"""A name for all templates: `(name, make)`, where `make(request)` is called once a page uses it.

Of the core, because batteries that do not know each other meet here.
"""
TEMPLATE_FILTERS: Point[tuple[str, Any]] = Point("template filter", key=lambda entry: entry[0])
"""A filter for all templates: `(name, function)`."""
MESSAGES: Point[Callable[[Any], Iterable[Any]]] = Point("source of messages")
"""Texts of an app that are to be translated: `find(app)` yields file, line, function, arguments.

The function is `gettext` or one of its kind, the arguments are texts, None for what is none.
"""
BODY_PARSERS: Point[tuple[str, ParseBody]] = Point("body parser", key=lambda entry: entry[0])
LIFESPANS: Point[Entry] = Point("lifespan")
COMMANDS: Point[CommandEntry] = Point("command", key=lambda entry: entry.name)
CHECKS: Point[Check] = Point("check")
LISTENERS: Point[Listener] = Point("listener")
RESPONSE_HEADERS: Point[tuple[str, str]] = Point("response header", key=lambda h: h[0].lower())
PAGE_HEADERS: Point[tuple[str, str]] = Point("header of pages", key=lambda h: h[0].lower())
DATA_HEADERS: Point[tuple[str, str]] = Point("header of data", key=lambda h: h[0].lower())
SECURE_HEADERS: Point[tuple[str, str]] = Point("header over HTTPS", key=lambda h: h[0].lower())

HEADERS_ON = {
    "all": RESPONSE_HEADERS,
    "pages": PAGE_HEADERS,
    "data": DATA_HEADERS,
    "https": SECURE_HEADERS,
}


class Setup:
    """The declarations of one extension (or of the app) for one app.

    `settings` is loaded before any extension is installed. Every verb raises GambrelError when the
    app is built already or what it declares is taken; `override=True` replaces it.
    """

    def __init__(self, declarations: Declarations, settings: Settings, by: str = APP) -> None:
        self.declarations = declarations
        self.settings = settings
        self.by = by

    def add(self, point: Point[T], value: T, *, override: bool = False) -> None:
        """Contribute a value to a Point."""
        self.declarations.add(point, Declared(value, self.by, caller()), override=override)

    def route(
        self,
        path: str,
        handler: Callable[..., Any],
        methods: Iterable[str] = ("GET",),
        **options: Any,
    ) -> None:
        """Serve a path with a handler; options as in a route decorator."""
        router = Router()
        router.add(path, handler, methods, **options)
        self.include(router)

    def include(self, router: Router, prefix: str = "") -> None:
        """Add a router, with its own middleware and error handlers, under a prefix."""
        self.add(ROUTERS, RouterEntry(router, prefix))

    def middleware(self, call: Callable[..., Any], band: Band = Band.APP) -> None:
        """Run `async def call(request, call_next) -> Response` around every request."""
        check_call(call, "a middleware", "request", "call_next")
        self.add(MIDDLEWARE, MiddlewareEntry(call, band))

    def provide(
        self,
        kind: Any,
        factory: Callable[..., Any],
        scope: Scope = "request",
        ping: Callable[[Any], Any] | None = None,
        *,
        override: bool = False,
    ) -> None:
        """Give `factory()` to every parameter of type `kind`; `ping` tells whether it is well."""
        check_known(scope, f"{kind!r} is provided", caller())
        self.add(PROVIDERS, Provider(kind, factory, scope, caller(), ping), override=override)

    def on_error(
        self, match: type[Exception] | int, handle: HandleError, *, override: bool = False
    ) -> None:
        """Answer errors of a type, or with a status, by `handle(request, error)`.

        It returns a response; or JSON or text, sent with the status of the error, or that in
        `value, status`.
        """
        check_call(handle, "an error handler", "request", "error")
        self.add(ERROR_HANDLERS, ErrorHandler(match, handle), override=override)

    def body_parser(self, media_type: str, parse: ParseBody, *, override: bool = False) -> None:
        """Read typed bodies of a media type: `parse(body)` gives plain values; if it fails, 400."""
        self.add(BODY_PARSERS, (media_type.lower(), parse), override=override)

    def lifespan(self, opens: Any) -> None:
        """Open a context manager, or a function that yields once, while the app runs."""
        self.add(LIFESPANS, Entry(opens, caller()))

    def command(self, run: Callable[..., Any], name: str = "", *, override: bool = False) -> None:
        """Add a command; its name is the function's with dashes."""
        entry = CommandEntry(name or run.__name__.replace("_", "-"), run)
        self.add(COMMANDS, entry, override=override)

    def check(self, run: CheckFunction, *, deploy: bool = False, start: bool = True) -> None:
        """Let `gambrel check` run `run(app)`; with `deploy`, only `gambrel check --deploy`.

        `gambrel run` and `dev` ask it too; `start=False` spares them what takes long.
        """
        self.add(CHECKS, Check(run, deploy, start))

    def on(self, event: type[E], hear: Callable[[E], Any], priority: int = 0) -> None:
        """Call `hear(event)` for events of a type and its subclasses; high priority first."""
        check_call(hear, "a listener", "event")
        self.add(LISTENERS, Listener(event, hear, priority))

    def response_header(
        self, name: str, value: str, *, on: HeadersOn = "all", override: bool = False
    ) -> None:
        """Set a header on every response that does not set it itself.

        `on` limits it to `"pages"` (HTML), to `"data"` (all but these), or to `"https"`.
        """
        self.add(HEADERS_ON[on], (name, value), override=override)


def check_call(call: Any, what: str, *given: str) -> None:
    """Raise GambrelError for what cannot be called as `call(*given)`; `what` says what it is."""
    name = getattr(call, "__qualname__", type(call).__qualname__).rpartition("<locals>.")[2]
    form = f"({', '.join(given)})"
    hint = f"write `async def {name if inspect.isroutine(call) else 'name'}{form}`"
    if hasattr(call, "install"):
        hint = f"it is an extension: `App(extensions=[{name}(...)])`"
    if not callable(call):
        problem = f"{what} is a function, and {call!r} is none"
        raise GambrelError("app.call", problem, caller(), hint)
    try:
        inspect.signature(call, follow_wrapped=False).bind(*given)
    except ValueError:  # a builtin that does not tell
        return
    except TypeError as error:
        reason = f"{what} is called as {name}{form}: {error}"
        raise GambrelError("app.call", reason, location_of(call), hint) from None
