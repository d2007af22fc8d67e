"""Build an app: install its extensions, compile its routes, fold its middleware, bake its heads.

Called once by `App.build`. What comes out (`Built`) is all that a request touches.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from gambrel.core.app.errors import DEBUG_RENDERER, ErrorBoundary, ErrorHandler, ErrorHandlers
from gambrel.core.app.extension import order_extensions
from gambrel.core.app.pipeline import (
    ASYNC,
    INLINE,
    THREAD,
    Endpoint,
    Limits,
    Middleware,
    fold,
    load_and_call,
)
from gambrel.core.app.settings import CoreSettings
from gambrel.core.app.setup import (
    ANSWERED,
    BODY_PARSERS,
    ERROR_HANDLERS,
    GUARDS,
    HANDLER_ADAPTER,
    HEADERS_ON,
    LIFESPANS,
    LISTENERS,
    MIDDLEWARE,
    MOUNTING,
    OBSERVERS,
    PROVIDERS,
    ROUTERS,
    WEBSOCKETS,
    Mounted,
    Setup,
    check_call,
)
from gambrel.core.binding.generate import generate
from gambrel.core.binding.plan import Context, Plan
from gambrel.core.binding.providers import Provider
from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.host import HostRules
from gambrel.core.http.request import Request
from gambrel.core.http.response import Baked, Response
from gambrel.core.routing.outcome import Miss
from gambrel.core.routing.route import WEBSOCKET, Route
from gambrel.core.routing.router import Router
from gambrel.core.routing.table import covers

if TYPE_CHECKING:
    from gambrel.core.http.proxies import TrustedProxies
    from gambrel.operations import Operation

__all__ = ["Built", "build"]

LOOPBACK = ("localhost", ".localhost", "127.0.0.1", "[::1]")
PAGES = frozenset({"text/html", "application/xhtml+xml"})


def build(app: Any) -> "Built":
    """Install, load, compile and freeze. Raises GambrelError for everything that cannot hold."""
    extensions = order_extensions(app.extensions, app.defaults)
    for extension in extensions:
        if extension.settings is not None:
            app.settings.declare(extension.name, extension.settings, extension.name)
    app.settings.load()
    for extension in extensions:
        extension.install(Setup(app.declarations, app.settings, extension.name))
    declared = app.declarations
    beside = Router()  # an extension's pages are not behind the options of the app's own routes
    for group in declared.values(ROUTERS):
        beside.include(group.router, prefix=group.prefix)
    for listener in declared.values(LISTENERS):
        app.events.add(listener)
    provide(app)
    built = Built(app, beside)
    declared.freeze()
    return built


def provide(app: Any) -> None:
    """Register providers: declared ones, the app, its settings, and what its lifespan yields."""
    providers, resources = app.providers, app.resources
    for declared in app.declarations.values(PROVIDERS):
        providers.add(declared)
    for section in app.settings:
        providers.add(Provider(type(section), giver(lambda it: it, section), "app"))
        if resources.find(type(section)) is None:
            resources.add(section)
    for kind in type(app).__mro__[:-1]:
        if kind.__name__ == "App":
            providers.add(Provider(kind, giver(lambda: app), "app"))
    for lifespan in app.declarations.values(LIFESPANS):
        kind = lifespan.produces
        if kind is not None and not providers.has(kind):
            providers.add(Provider(kind, giver(resources.__getitem__, kind), "app"))


def is_secure(request: Request) -> bool:
    """Whether a request came over HTTPS, as far as what its proxies say can be read."""
    try:
        return request.scheme == "https"
    except BadRequest:  # this is asked for the answer to that very error, too
        return False


def handlers_of(errors: Mapping[Any, Any]) -> tuple[ErrorHandlers, ...]:
    """Return the option `errors` as the boundary takes it. Raises GambrelError."""
    for handle in errors.values():
        check_call(handle, "an error handler", "request", "error")
    handlers = [ErrorHandler(match, handle) for match, handle in errors.items()]
    return (ErrorHandlers(handlers),) if handlers else ()


def closing(call: Callable[[Request], Any], plan: Plan) -> Callable[[Request], Any]:
    """Return a call whose response closes what `exit="after"` keeps open.

    It stands around the middleware, which may answer in place of a handler; of a socket inside.
    """
    if not plan.graph.has_after:
        return call
    from gambrel.core.binding.execute import closing_after  # noqa: PLC0415 - start-up: dependencies

    return closing_after(call)


def giver(get: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """Return a factory that needs no thread for what is there already."""

    async def give() -> Any:
        return get(*arguments)

    return give


def proxies_of(settings: CoreSettings, hosts: HostRules) -> "TrustedProxies | None":
    """Return the proxies in front of the app; None where there are none."""
    if not settings.trusted_proxies:
        return None
    from gambrel.core.http.proxies import TrustedProxies  # noqa: PLC0415 - start-up: proxies

    networks, hops = settings.trusted_proxies, settings.proxy_hops
    return TrustedProxies(networks, hops=hops, header=settings.proxy_header, hosts=hosts)


class Built:
    """A compiled app."""

    def __init__(self, app: Any, beside: Router) -> None:
        self.app = app
        self.settings = app.settings.core
        declared = app.declarations
        self.middleware: list[Middleware] = [
            entry.call
            for entry in sorted(declared.values(MIDDLEWARE), key=lambda entry: entry.band)
        ]
        checked = {n: ResponseHeaders(declared.values(p)).pairs() for n, p in HEADERS_ON.items()}
        common, self.secure_headers = checked["all"], checked["https"]
        self.headers = {"pages": [*common, *checked["pages"]], "data": [*common, *checked["data"]]}
        self.headers["other"] = common
        self.boundary = ErrorBoundary(
            declared.values(ERROR_HANDLERS),
            debug=self.settings.debug,
            renderer=next(iter(declared.values(DEBUG_RENDERER)), None),
            events=app.events,
        )
        self.allowed_hosts = HostRules(self.settings.hosts or LOOPBACK)
        app.proxies = proxies_of(self.settings, self.allowed_hosts)
        app.body_parsers = dict(declared.values(BODY_PARSERS))
        self.observers = declared.values(OBSERVERS)
        self.hearers = declared.values(ANSWERED)
        self.in_thread: Callable[..., Awaitable[Any]] | None = None
        self.table = app.compile(app.versioning, [beside])
        self.match = self.table.match
        self.has_hosts = any(route.host is not None for route in self.table.routes)
        self.routes: list[Route] = self.table.routes
        miss = fold(self.answer_miss, self.middleware, self.failed)
        self.miss = Endpoint(miss, ASYNC)
        self.misses = [
            (prefix, Endpoint(miss, ASYNC, errors=handlers_of(errors)))
            for prefix, errors in self.table.covered
        ]
        below = [route for route in self.routes if route.kind == "mount"]
        self.mounts = {id(route.handler): self.mounted(route) for route in below}
        self.compile_endpoints()

    # Endpoints ------------------------------------------------------------------------------

    def compile_endpoints(self) -> None:
        """Make the endpoint of every route; again after an override."""
        for route in self.routes:
            if route.kind != "external":
                route.endpoint = self.endpoint_of(route)

    def endpoint_of(self, route: Route) -> Endpoint:
        """Return the endpoint of a route: its plan, inside its and the app's middleware."""
        options = route.options
        for one in options.middleware:
            check_call(one, "a middleware", "request", "call_next")
        middleware = [*self.middleware, *options.middleware]
        is_socket = WEBSOCKET in route.methods
        limits = Limits(
            self.settings.max_body if options.max_body is None else options.max_body,
            (self.settings.handler_timeout if options.deadline is None else options.deadline)
            or None,
            is_socket or options.cancel_on_disconnect,
        )
        errors = handlers_of(options.errors)
        if route.kind in {"mount", "asgi"}:
            around = middleware if route.kind == "mount" else []
            mount = self.mounts.get(id(route.handler)) or self.mounted(route)
            sockets = self.app.declarations.values(WEBSOCKETS)
            call = self.guarded(route, mount.endpoint(self.failed, *sockets))
            call = fold(call, around, self.failed)
            return Endpoint(call, ASYNC, route, None, replace(limits, deadline=None), errors)
        if is_socket and len(route.methods) > 1:
            what, hint = "a WebSocket shares its handler", "declare it apart, by @router.websocket"
            raise GambrelError("routing.method", what, route.where, hint)
        serve = self.serving(WEBSOCKETS, route) if is_socket else None
        plan = Plan(
            self.handler_of(route),
            Context(self.bake, self.failed, self.app.providers, self.settings.debug),
            path_names=route.names,
            status=options.status,
            returns=options.returns,
            dependencies=options.dependencies,
            inline=options.inline,
        )
        plan.has_draft = plan.has_draft or bool(route.varies)
        if plan.takes_files and options.max_body is None:
            limits = replace(limits, max_body=self.settings.max_upload)
        call, kind = self.call_of(plan)
        work = call if kind is ASYNC else self.in_async(Endpoint(call, kind, route, plan))
        call, work = self.guarded(route, call), self.guarded(route, work)
        if serve is not None:
            kind = ASYNC
            call = work = serve(closing(call, plan), self.failed, options.max_body, plan)
        if middleware:
            call, kind = fold(work, middleware, self.failed), ASYNC
        call = call if serve is not None else closing(call, plan)
        return Endpoint(call, kind, route, plan, limits, errors, None if kind is ASYNC else work)

    def guarded(self, route: Route, call: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """Return the call of a route inside the guards that have something to refuse there."""
        for guard in self.app.declarations.values(GUARDS):
            call = guard(route, call, self.failed)
        return call

    def mounted(self, route: Route) -> Mounted:
        """Return the app that is mounted at a route."""
        return self.serving(MOUNTING, route)(route.handler, route.where)  # type: ignore[no-any-return]  # of the point's type

    def serving(self, point: Any, route: Route) -> Callable[..., Any]:
        """Return what serves a route that is no plain handler. Raises GambrelError for nothing."""
        for serve in self.app.declarations.values(point):
            return serve  # type: ignore[no-any-return]  # of the point's type
        name, module = point.name, point.name.lower()
        what = f"{route.pattern.text} needs {name}, an extension that this app does not have"
        hint = f"App(extensions=[{name}()]), after `from gambrel.{module} import {name}`"
        raise GambrelError("app.no-extension", what, route.where, hint)

    def handler_of(self, route: Route) -> Any:
        """Return a handler in our calling convention."""
        adapters = self.app.declarations.values(HANDLER_ADAPTER)
        adapted = (adapt(route.handler) for adapt in adapters)
        return next((handler for handler in adapted if handler is not None), route.handler)

    def call_of(self, plan: Plan) -> tuple[Callable[[Request], Any], str]:
        """Return the bare endpoint of a plan and how it is to be started."""
        if plan.graph.nodes:
            from gambrel.core.binding.execute import dependent_endpoint  # noqa: PLC0415 - start-up: dependencies

            return dependent_endpoint(plan, self.run_in_thread), ASYNC
        call = generate(plan)
        if plan.waits:
            return call, ASYNC
        is_loop_safe = plan.inline or plan.signature.is_async or plan.signature.is_generator
        return call, INLINE if is_loop_safe else THREAD

    def in_async(self, inner: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        """Return a sync endpoint as a coroutine function, for middleware to wrap."""
        return lambda request: load_and_call(request, inner, self.in_thread, self.failed)

    async def run_in_thread(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Run in the pool of the running app."""
        assert self.in_thread is not None
        return await self.in_thread(call, *arguments, **options)

    # Errors ---------------------------------------------------------------------------------

    async def failed(self, request: Request, error: BaseException) -> Response:
        """Answer an error with the handlers of the route's groups, then the app's."""
        scopes = getattr(request.endpoint, "errors", ())
        answer = await self.boundary.respond(request, error, scopes)
        return request.seal_error(answer) if request.seal_error else answer

    # Requests -------------------------------------------------------------------------------

    def find(self, request: Request) -> Endpoint:
        """Return the endpoint for a request: that of its route, or the one that answers misses."""
        try:
            site = request.host if self.has_hosts else None
        except BadRequest as error:  # what its proxies say of it
            request.params, request.miss = {}, Miss(400, detail=error.detail)
            return self.miss
        outcome, request.params = self.match(request.method, request.raw_path, site)
        endpoint: Endpoint | None = outcome.endpoint
        if endpoint is not None:
            return endpoint
        if outcome.status == 0 and isinstance(outcome := outcome.pick(request), Route):
            request.endpoint = outcome.endpoint  # a draft begins with its status
            for name in outcome.varies:
                request.draft.headers.add("vary", name)
            return outcome.endpoint  # type: ignore[no-any-return]  # opaque to routing
        request.miss = outcome
        return next((m for prefix, m in self.misses if covers(prefix, request.raw_path)), self.miss)

    async def answer_miss(self, request: Request) -> Response:
        """Answer a request that no route takes."""
        try:
            answer: Response = request.miss.answer(request)
            return answer
        except (Exception, SystemExit) as error:
            return await self.failed(request, error)

    def observe(self, request: Request, status: int, seconds: float) -> None:
        """Tell the observers of an answer."""
        self.tell(self.observers, request, status, seconds)

    def hear(self, request: Request, status: int, size: int | None, seconds: float) -> None:
        """Tell who hears of answers that were sent."""
        self.tell(self.hearers, request, status, size, seconds)

    def tell(self, listeners: Iterable[Callable[..., None]], *told: Any) -> None:
        """Call each; what fails in one is logged, and nobody else's. Our server does the same."""
        for hear in listeners:
            try:
                hear(*told)
            except Exception:
                self.app.log.exception("an observer of answers failed")

    def bake(self, status: int, media_type: str | None, *pairs: tuple[str, str]) -> Baked:
        """Return a head with `pairs` and the app's default fields."""
        kind = [] if media_type is None else [("content-type", media_type)]
        return Baked(status, [*kind, *pairs, *self.defaults(status, media_type)])

    def defaults(self, status: int, media_type: str | None) -> list[tuple[str, str]]:
        """Return the fields that responses of a kind get."""
        kind = (media_type or "").partition(";")[0].strip().lower()
        # A 304 must not change the policy of the page it renews; viewers of PDF are no data.
        if status == 304 or kind == "application/pdf":
            return self.headers["other"]
        return self.headers["pages" if kind in PAGES else "data"]

    def dress(self, response: Response, request: Request) -> list[tuple[str, str]]:
        """Return the fields a response is sent with: its own, and the defaults it does not set.

        It stays as it is: its handler may answer with the same one every time.
        """
        pairs = response.headers.pairs()
        given = {name for name, _ in pairs}
        wanted = self.defaults(response.status, response.headers.get("content-type"))
        if self.secure_headers and is_secure(request):
            wanted = [*wanted, *self.secure_headers]
        return [*pairs, *[pair for pair in wanted if pair[0] not in given]]

    def operations(self) -> "list[Operation]":
        """Describe every route with a plan."""
        from gambrel.core.app.operations import describe_route  # noqa: PLC0415 - start-up: documents

        return [
            operation
            for route in self.routes
            if getattr(route.endpoint, "plan", None)
            for operation in describe_route(route, route.endpoint.plan, self.app.body_parsers)
        ]
