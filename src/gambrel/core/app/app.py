"""`App`: where an application is declared, built once, and entered for every request.

An app is a router with extensions, settings and a life. Declaring does nothing; `build` (called by
whatever serves or tests it) orders, checks and compiles, and freezes what was declared.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gambrel.checks import Problem, run_checks
from gambrel.core.app.build import Built, build
from gambrel.core.app.checks import CORE_CHECKS
from gambrel.core.app.events import AppStarted, AppStopping, Event, Events
from gambrel.core.app.extension import Extension
from gambrel.core.app.lifespan import Entry, Lifespan, Resources
from gambrel.core.app.pipeline import EnteredPipeline, Pipeline
from gambrel.core.app.points import Declarations
from gambrel.core.app.settings import Settings
from gambrel.core.app.setup import CHECKS, ENTRANCES, LIFESPANS, Band, Setup
from gambrel.core.app.tasks import Tasks, not_running
from gambrel.core.binding.providers import Providers, identity
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.routing.converters import Converters
from gambrel.core.routing.route import FIELDS, Route, caller
from gambrel.core.routing.router import Router
from gambrel.core.routing.versioning import Versioning
from gambrel.threads import WorkerPool

if TYPE_CHECKING:
    from gambrel.core.edges.asgi import ASGIEdge
    from gambrel.operations import Operation

__all__ = ["App"]

F = TypeVar("F", bound=Callable[..., Any])


class App(Router):
    """A web application.

    `extensions` add to it, `defaults` stand before them. `versioning` tells its versions apart,
    `converters` are its own by name. Further arguments are core settings (`debug`, `hosts`, …) or
    options for every route (`middleware`, `dependencies`, `tags`, …).
    `root` is the folder of its configuration files (default: the working directory).
    """

    def __init__(
        self,
        *,
        extensions: Iterable[Extension] = (),
        defaults: Sequence[Extension] = (),
        root: str | Path | None = None,
        versioning: Versioning | None = None,
        converters: Converters | None = None,
        **arguments: Any,
    ) -> None:
        # `max_body` is the setting, which the environment can change, as well as an option.
        options = {n: arguments.pop(n) for n in FIELDS.keys() & arguments.keys() - {"max_body"}}
        super().__init__(converters=converters, **options)
        self.versioning = versioning
        self.extensions = tuple(extensions)
        self.defaults = tuple(defaults)
        self.settings = Settings(Path(root) if root is not None else None)
        if arguments:
            self.settings.give(arguments, caller())
        self.declarations = Declarations()
        self.setup = Setup(self.declarations, self.settings)
        self.providers = Providers()
        self.events = Events()
        self.tasks = Tasks(self.events)
        self.resources = Resources([self])
        self.log = logging.getLogger("gambrel")
        self.pipeline: Pipeline | None = None
        self._built: Built | None = None
        self._failure: Exception | None = None
        self._edge: ASGIEdge | None = None
        self.is_draining = False  # set by a server that is told to stop, while it still answers

    # Declaring ------------------------------------------------------------------------------

    def middleware(self, call: Callable[..., Any] | None = None, *, band: Band = Band.APP) -> Any:
        """Add a middleware, `async def name(request, call_next) -> Response`; also a decorator."""
        if call is None:
            return lambda function: self.middleware(function, band=band)
        self.setup.middleware(call, band)
        return call

    def on_error(self, match: type[Exception] | int) -> Callable[[F], F]:
        """Answer errors of a type, or with a status: `async def name(request, error)`.

        It returns a response; or JSON or text, sent with the status of the error.
        """

        def declare(handle: F) -> F:
            self.setup.on_error(match, handle)
            return handle

        return declare

    def on(self, event: type[Event], *, priority: int = 0) -> Callable[[F], F]:
        """Hear the events of a type: `def name(event)`, sync or async."""

        def declare(hear: F) -> F:
            self.setup.on(event, hear, priority)
            return hear

        return declare

    def lifespan(self, opens: F) -> F:
        """Open a resource while the app runs: a function that yields once; also a decorator."""
        self.setup.lifespan(opens)
        return opens

    def provide(self, kind: Any, factory: Callable[..., Any], **options: Any) -> None:
        """Inject `factory()` into parameters of type `kind`; `scope`, `ping` as in `Setup`."""
        self.setup.provide(kind, factory, **options)

    def check(self, run: F) -> F:
        """Let `gambrel check` call `run(app)`, which yields problems."""
        self.setup.check(run)
        return run

    def command(self, run: Any = None) -> Any:
        """Add a command to `gambrel`: a decorator, with or without parentheses."""
        if run is None:
            return self.command
        self.setup.command(run)
        return run

    # Built ----------------------------------------------------------------------------------

    def build(self) -> Built:
        """Compile everything declared; the first call freezes it. Raises GambrelError."""
        if self._failure is not None:
            raise self._failure
        self.settings.check_current()
        if self._built is None:
            try:
                self._built = build(self)
            except Exception as error:
                self._failure = error  # half built: a second attempt would hide the cause
                raise
        return self._built

    @property
    def routes(self) -> list[Route]:
        """The routes of the built app."""
        return self.build().routes

    def operations(self) -> "list[Operation]":
        """The described operations of the built app, for documents and listings."""
        return self.build().operations()

    def problems(self, *, deploy: bool = False, start: bool = False) -> list[Problem]:
        """Run the checks of the built app and return what they found, worst first.

        `start` leaves out those that no start waits for.
        """
        self.build()
        checks = [*CORE_CHECKS, *self.declarations.values(CHECKS)]
        silenced = self.settings.core.silenced_checks
        return run_checks(checks, self, deploy=deploy, start=start, silenced=silenced)

    @contextmanager
    def override(self, key: Any, factory: Callable[..., Any]) -> Iterator[None]:
        """Use `factory` instead of a dependency or the provider of a type, for a time in tests."""
        before = self.providers.overrides
        self.providers.overrides = {**before, identity(key): factory}
        try:
            self._recompile()
            yield
        finally:
            self.providers.overrides = before
            self._recompile()
            if self._built is not None:
                self.providers.check_asked(key)

    def _recompile(self) -> None:
        if self._built is not None:
            self._built.compile_endpoints()

    # Running --------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator["App"]:
        """Open the app on the running loop, and close it: what a server does around serving."""
        built = self.build()
        if self.pipeline is not None:
            hint = "one process runs an app once; make a second app with a factory function"
            raise GambrelError("app.running-twice", "the app is running already", "", hint)
        self.tasks.loop = loop = asyncio.get_running_loop()
        pool = WorkerPool(loop, self.settings.core.threads)
        pool.relief = WorkerPool(loop, pool.limit)
        entries = self.declarations.values(LIFESPANS)
        mounts = [Entry(mount.running, where=mount.where) for mount in built.mounts.values()]
        try:
            lifespan = Lifespan([*entries, *mounts], self, self.resources)
            async with lifespan, AsyncExitStack() as closing:  # in reverse, whatever fails
                closing.push_async_callback(self.providers.kept.close)
                closing.push_async_callback(self.tasks.close)
                closing.push_async_callback(self.events.emit, AppStopping(self))
                entrances = self.declarations.values(ENTRANCES)
                kind = partial(EnteredPipeline, entrances) if entrances else Pipeline
                self.pipeline = kind(built.find, built.failed, loop, pool)
                closing.push_async_callback(self.pipeline.close)
                built.in_thread = pool.run
                await self.events.emit(AppStarted(self), raising=True)
                yield self
        finally:
            self.pipeline = self.tasks.loop = None
            pool.close()
            pool.relief.close()

    def enter(self, request: Request) -> None:
        """Start a request; its connection gets the answer. For edges with callbacks."""
        self._running().enter(request)

    async def respond(self, request: Request) -> Response:
        """Return the answer to a request: for edges with tasks, and for sub-requests."""
        return await self._running().respond(request)

    async def request(self, method: str, target: str, *, like: Request, **message: Any) -> Response:
        """Answer a request of our own in the name of another, made by `like.another`.

        It passes middleware and routing as any other; errors are responses. What the answer holds
        open is closed with that to `like`.
        """
        work = self.respond(like.another(method, target, **message))
        response = await asyncio.create_task(work)  # what it sets in its context ends with it
        like.draft.on_close(response.close)
        return response

    async def call(self, function: Callable[..., Any], /, **given: Any) -> Any:
        """Call a function with its dependencies outside a request: in a job, a command, a test.

        `given` are arguments of its own. A plain `def` runs in a worker thread. Raises
        GambrelError where something could only come from a request.
        """
        from gambrel.core.binding.execute import call_function  # noqa: PLC0415 - start-up: dependencies

        pool = self._running().pool
        return await call_function(function, given, self.providers, pool.run)

    def _running(self) -> Pipeline:
        if self.pipeline is None:
            raise not_running("a request")
        return self.pipeline

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve an ASGI connection."""
        if self._edge is None:
            from gambrel.core.edges.asgi import ASGIEdge  # noqa: PLC0415 - start-up: other servers

            self._edge = ASGIEdge(self)
        await self._edge(scope, receive, send)
