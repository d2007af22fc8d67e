"""Room 2: the app's one entry. Edges call `enter` (or await `respond`) with a `Request`.

Everything is folded at build: each route's `Endpoint` holds its middleware, its handler's plan and
the error boundary in one callable, so that a request only has to be matched and started.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from copy import copy
from functools import cache
from operator import methodcaller
from typing import Any

from msgspec import Struct

from gambrel.core.app.errors import ErrorHandlers
from gambrel.core.binding.plan import Plan
from gambrel.core.binding.signature import location_of
from gambrel.core.http.errors import GambrelError, ServerError, ServiceUnavailable
from gambrel.core.http.request import Request
from gambrel.core.http.response import Reply, Response, settled
from gambrel.threads import WorkerPool

ASYNC, INLINE, THREAD = "async", "inline", "thread"

Work = Coroutine[Any, Any, Response]
Failed = Callable[[Request, BaseException], Work]
CallNext = Callable[[Request], Awaitable[Response]]
Middleware = Callable[[Request, CallNext], Awaitable[Response]]
Finder = Callable[[Request], "Endpoint"]


class Limits(Struct, frozen=True):
    """What a route allows: bytes of body, seconds for the handler, and who may end it.

    `cancel_on_disconnect` None means: safe methods and streams are cancelled when the client
    leaves, unsafe methods run to their end.
    """

    max_body: int = 1 << 20
    deadline: float | None = 30.0
    cancel_on_disconnect: bool | None = None


class Endpoint:
    """A route ready to run: `call(request)` gives a response, or a coroutine of one.

    `work(request)` gives a coroutine in any case, and reads the body that `call` needs before.
    `errors` are the error handlers of its groups, the innermost first.
    """

    def __init__(
        self,
        call: Callable[[Request], Any],
        kind: str,
        route: Any = None,
        plan: Plan | None = None,
        limits: Limits | None = None,
        errors: Sequence[ErrorHandlers] = (),
        work: Callable[[Request], Work] | None = None,
    ) -> None:
        self.call = call
        self.work: Callable[[Request], Work] = work or call
        self.kind = kind
        self.route = route
        self.plan = plan
        self.errors = errors
        self.status = 200 if plan is None else plan.result.status
        self.reads_body = plan is not None and plan.reads_body
        self.uses_threads = plan is not None and plan.uses_threads
        self.limits = limits or Limits()
        self.max_body = self.limits.max_body


class Pipeline:
    """The compiled app on one loop: `find` matches, `enter` starts, `failed` answers errors."""

    def __init__(
        self, find: Finder, failed: Failed, loop: asyncio.AbstractEventLoop, pool: WorkerPool
    ) -> None:
        self.find = self.choose = find
        self.failed = failed
        self.loop = loop
        self.pool = pool
        self.left: set[asyncio.Task[Any]] = set()

    def enter(self, request: Request) -> None:
        """Start the request; its connection's `deliver` gets the response, at once or later."""
        request.endpoint = endpoint = self.choose(request)
        kind = endpoint.kind
        if kind is ASYNC:
            self.start(request, endpoint.call(request))
        elif endpoint.reads_body and not endpoint.plan.is_ready(request):  # type: ignore[union-attr]
            self.start(request, endpoint.work(request))
        elif kind is THREAD:
            self.pool.submit(self.finisher(request), endpoint.call, request)
        else:  # in a context of its own, as a task has: what it sets ends with it
            context = copy_context()
            answer = context.run(endpoint.call, request)
            if answer.__class__ is Reply:
                request.connection.deliver(request, answer)
            else:
                self.finish(request, answer, context)

    async def respond(self, request: Request) -> Response:
        """Return the response, for edges that run in a task of their own."""
        request.endpoint = endpoint = self.choose(request)
        deadline = endpoint.limits.deadline
        try:
            if endpoint.uses_threads:
                return await self.respond_from_thread(request, endpoint, deadline)
            async with asyncio.timeout(deadline):
                return await endpoint.work(request)
        except TimeoutError:
            return await self.failed(request, ServiceUnavailable("The deadline has passed."))
        except asyncio.CancelledError:
            if is_wanted(asyncio.current_task()):
                raise
            return await self.failed(request, ServerError("The handler was cancelled."))

    async def respond_from_thread(
        self, request: Request, endpoint: Endpoint, deadline: float | None
    ) -> Response:
        """The same where a thread works, which cannot be stopped but left behind at the deadline.

        Its task stays, to clean up after the thread.
        """
        task = self.loop.create_task(endpoint.work(request))
        try:
            await asyncio.wait([task], timeout=deadline)
        except asyncio.CancelledError:
            self.leave(task)
            raise
        if task.done():
            return task.result()
        self.leave(task)
        _log.warning("%s %s is past its deadline", request.method, ascii(request.raw_path))
        raise TimeoutError

    def leave(self, task: "asyncio.Task[Response]") -> None:
        """Cancel a task whose answer nobody wants any more, and let it end by itself."""
        task.cancel()
        self.left.add(task)
        task.add_done_callback(self.forget)

    def forget(self, task: "asyncio.Task[Response]") -> None:
        """A task that was left behind has ended: its response is closed."""
        self.left.discard(task)
        if not task.cancelled() and task.exception() is None:
            closing = self.loop.create_task(task.result().close())
            self.left.add(closing)
            closing.add_done_callback(self.left.discard)

    async def close(self) -> None:
        """Give what was left behind a moment to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE):
                while self.left:
                    await asyncio.wait(self.left)

    def start(self, request: Request, work: Work, context: Context | None = None) -> None:
        """Run a coroutine as a task that starts at once where Python can do that (3.12)."""
        self.follow(request, asyncio.Task(work, loop=self.loop, context=context, **_EAGER))

    def follow(self, request: Request, task: "asyncio.Task[Response]") -> None:
        """Settle a task now, or when it is done."""
        if task.done() and task.cancelled():  # by nobody outside, who had no time to
            self.start(request, self.failed(request, ServerError("The handler was cancelled.")))
        elif task.done():
            self.settle(request, task)
        else:
            request.connection.waiting(request, task)
            task.add_done_callback(lambda done: self.settle(request, done))

    def settle(self, request: Request, task: "asyncio.Task[Response]") -> None:
        """Deliver what a task has answered.

        For a cancelled one the connection answers, which was given it by `waiting` and knows who
        wanted that: two answers to one request would be taken for that to the next.
        """
        try:
            response = task.result()
        except asyncio.CancelledError:
            return
        request.connection.deliver(request, response)

    def finisher(self, request: Request) -> Callable[[Any, BaseException | None], None]:
        """Return what the pool calls on the loop with the outcome of a thread."""
        context = copy_context()

        def finish(answer: Any, error: BaseException | None) -> None:
            if error is not None:
                answer = self.failed(request, error)
            context.run(self.finish, request, answer)

        return finish

    def finish(self, request: Request, answer: Any, context: Context | None = None) -> None:
        """Deliver a response, or run the coroutine a sync endpoint left for its error."""
        if isinstance(answer, Response):
            request.connection.deliver(request, answer)
        else:
            self.start(request, answer, context)


class EnteredPipeline(Pipeline):
    """A pipeline that asks `entrances` first, in the context of the request.

    An entrance costs a call, where a middleware costs a task; it may put one around this request.
    """

    def __init__(self, entrances: Sequence[Callable[[Request], Any]], *parts: Any) -> None:
        super().__init__(*parts)
        self.entrances = entrances
        self.choose = self.enter_all
        self.begin = super().enter
        self.context = copy_context()
        self.surround = cache(self.surrounded)

    def enter(self, request: Request) -> None:
        """Start the request, in a context that holds nothing of the one before."""
        self.context.copy().run(self.begin, request)

    def enter_all(self, request: Request) -> Endpoint:
        """Return the endpoint of a request, within what its entrances put around it."""
        request.endpoint = endpoint = self.find(request)
        for enter in self.entrances:
            try:
                middleware = enter(request)
            except Exception:
                _log.exception("the entrance %r failed", enter)
                continue
            if middleware is not None:
                endpoint = self.surround(middleware, endpoint)
        return endpoint

    def surrounded(self, middleware: Middleware, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint within a middleware."""
        outer = copy(endpoint)
        outer.kind = ASYNC
        outer.call = outer.work = fold(endpoint.work, [middleware], self.failed)  # type: ignore[assignment]  # its layers are coroutine functions
        return outer


async def load_and_call(
    request: Request, endpoint: Endpoint, in_thread: Any, failed: Failed
) -> Response:
    """Read the body a sync endpoint needs, then call it: in a thread, or here where it may."""
    try:
        if endpoint.plan is not None and not endpoint.plan.is_ready(request):
            await endpoint.plan.load(request)
        if endpoint.kind is THREAD:
            answer = await in_thread(endpoint.call, request, dispose=discard)
        else:
            answer = endpoint.call(request)
    except (Exception, SystemExit) as error:
        return await failed(request, error)
    return answer if isinstance(answer, Response) else await answer


discard = methodcaller("close")
"""Ends an answer that came too late: a response, or the coroutine that would have made one."""


def is_wanted(task: "asyncio.Task[Any] | None") -> bool:
    """Whether a cancellation was asked of a task, rather than raised by what it awaits."""
    return task is not None and task.cancelling() > 0


_LEAVE = 5.0  # seconds
_log = logging.getLogger("gambrel")
_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}


def fold(call: CallNext, middleware: Sequence[Middleware], failed: Failed) -> CallNext:
    """Wrap `call` in middleware, the first outermost.

    Every layer is guarded, so that what is around it always sees a response: an error page gets
    its headers from the outer layers like any other answer.
    """
    if middleware:
        call = guarded(None, call, failed)
    for one in reversed(middleware):
        call = guarded(one, call, failed)
    return call


def guarded(middleware: Middleware | None, call_next: CallNext, failed: Failed) -> CallNext:
    """Return one layer: the middleware, if there is one, and the boundary for its errors."""

    async def layer(request: Request) -> Response:
        try:
            response = await (middleware(request, call_next) if middleware else call_next(request))
            if not isinstance(response, Response):
                raise not_a_response(middleware or call_next, response)
            if response._baked is None and response._owner is not request:  # noqa: SLF001
                return await settled(request, response)
            return response
        except (Exception, SystemExit) as error:
            return await failed(request, error)

    return layer


def not_a_response(middleware: Callable[..., Any], given: object) -> GambrelError:
    """The error of a middleware that returns something else, mostly nothing."""
    name = getattr(middleware, "__qualname__", type(middleware).__qualname__)
    what = f"the middleware {name} returned a {type(given).__name__} and not a response"
    hint = "end it with `return await call_next(request)`, or with a response of its own"
    return GambrelError("app.middleware-result", what, location_of(middleware), hint)
