"""Run a function with its dependencies: open, call, answer, close in reverse.

Generators are left after the response is encoded and before its head is sent, so that a failing
commit is still an error; those declared `exit="after"` once the last byte has gone. The states a
request goes through are those of `docs/decisions/0012-unit-of-work.md`.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager as AsyncManager
from contextlib import AbstractContextManager as Manager
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import copy_context
from functools import partial
from typing import Any, Literal

from msgspec import Struct, structs

from gambrel.core.binding.dependencies import Chain, Graph, Node
from gambrel.core.binding.extract import Extractor
from gambrel.core.binding.plan import Plan, reads
from gambrel.core.binding.providers import Keep, Providers
from gambrel.core.binding.signature import Parameter, Signature, read_signature
from gambrel.core.http.errors import GambrelError, HTTPError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["RunInThread", "call_function", "closing_after", "dependent_endpoint"]

RunInThread = Callable[..., Awaitable[Any]]
Inputs = dict[str, Extractor]
Pairs = tuple[tuple[str, Extractor], ...]
_log = logging.getLogger("gambrel")
_UNDONE: Any = object()


class Step(Struct, frozen=True, eq=False):
    """How one dependency is opened, decided at start-up: what `call` returns is its value.

    That is awaited where `kind` is `"async"`; where it is `"manager"` it is entered, and left after
    the rest. An `"odd"` one is opened by `Run.value_of`. `safe` inputs need no reading.
    """

    node: Node
    call: Callable[..., Any]
    kind: Literal["plain", "async", "manager", "odd"]
    edges: tuple[tuple[str, Node], ...]
    safe: Pairs
    inputs: Inputs

    @classmethod
    def of(cls, node: Node) -> "Step":
        """Return the step of a node."""
        signature, depends, call = node.signature, node.depends, node.signature.call
        kind: Any = "odd"
        if depends.scope == "request" and depends.max_concurrency is None:
            if signature.is_generator:
                if depends.exit == "before" and inspect.isasyncgenfunction(call):
                    kind, call = "manager", asynccontextmanager(call)
            elif signature.is_async:
                kind = "async"
            elif depends.inline or isinstance(signature.origin, type):
                kind = "plain"
        edges = tuple(node.edges.items())
        return cls(node, call, kind, edges, *sorted_inputs(node.parameters, node.inputs))


def sorted_inputs(parameters: Iterable[Parameter], inputs: Inputs) -> tuple[Pairs, Inputs]:
    """Return the inputs that are always there, parts of the request itself, and all others."""
    safe = {p.name for p in parameters if p.source == "framework"} & inputs.keys()
    others = {name: extract for name, extract in inputs.items() if name not in safe}
    return tuple((name, inputs[name]) for name in safe), others


class Run(Struct, eq=False):
    """The open dependencies of one call: of `plan` for a request, or of a function without one.

    `kept` holds what outlives it, `after` closes what stays open until the last byte was sent,
    `result` is what it has led to. It `holds` what others may wait for in their threads.
    """

    steps: Sequence[Step]
    in_thread: RunInThread
    kept: Keep
    plan: Any = None
    request: Any = None
    result: Any = _UNDONE
    holds: bool = False
    values: dict[Node, Any] = {}
    after: AsyncExitStack | None = None

    async def go(self, finish: Callable[["Run"], Awaitable[Any]], index: int = 0) -> None:
        """Open the dependencies from `index` on, keep what `finish` gives, and close in reverse."""
        values, steps = self.values, self.steps
        while index < len(steps):
            step = steps[index]
            node, index = step.node, index + 1
            if step.kind == "odd":
                async with AsyncExitStack() as exits:
                    values[node] = await self.value_of(node, exits)
                    self.holds = self.holds or node.signature.is_generator
                    await self.go(finish, index)
                return
            arguments = {name: values[edge] for name, edge in step.edges}
            for name, extract in step.safe:
                arguments[name] = extract(self.request)
            if step.inputs:
                arguments |= await self.take(step.inputs, node.reads_body)
            made = step.call(**arguments)
            if step.kind == "manager":
                async with made as values[node]:
                    self.holds = True
                    await self.go(finish, index)
                return
            values[node] = await made if step.kind == "async" else made
        self.result = await finish(self)

    async def take(self, inputs: Inputs, reads_body: bool) -> dict[str, Any]:
        """Run extractors on the request; a fault is told with all others of it."""
        plan, request = self.plan, self.request
        try:
            if reads_body and not plan.is_ready(request):
                await plan.load(request)
            return {name: extract(request) for name, extract in inputs.items()}
        except Exception as error:
            if not reads_body and not plan.is_ready(request):
                with suppress(HTTPError, OSError):  # the fault at hand is told anyway
                    await plan.load(request)
            raise plan.diagnose(request, error) from None

    async def value_of(self, node: Node, exits: AsyncExitStack) -> Any:
        """Return the value of a node: kept from before, or made now, once."""
        keep = self.keep_of(node)
        if keep is None:
            return await self.make(node, (node.depends.exit == "after" and self.after) or exits)
        key = (node.key, node.signature.origin)  # an override makes its own
        if key not in keep.values:
            async with keep.locks[key]:
                if key not in keep.values:
                    keep.values[key] = await self.make(node, keep.exits)
        return keep.values[key]

    def keep_of(self, node: Node) -> Keep | None:
        """Return where a value that outlives the request is kept."""
        if node.depends.scope == "app":
            return self.kept
        connection: Any = getattr(self.request, "connection", None)
        if node.depends.scope == "request" or not hasattr(connection, "kept"):
            return None  # of a connection with one request, they are the same
        keep: Keep = connection.kept or Keep()
        connection.kept = keep
        return keep

    async def make(self, node: Node, exits: AsyncExitStack) -> Any:
        """Call a node's function in the way of its kind; `exits` closes what it opens."""
        arguments = {name: self.values[edge] for name, edge in node.edges.items()}
        arguments |= await self.take(node.inputs, node.reads_body)
        if node.depends.max_concurrency is not None:
            limit = self.kept.limit(node.key, node.depends.max_concurrency)
            await limit.acquire()
            exits.callback(limit.release)
        call, signature = partial(node.signature.call, **arguments), node.signature
        if signature.is_generator:
            return await self.enter(call, exits, inline=node.depends.inline or signature.is_async)
        if signature.is_async:
            return await call()
        if node.depends.inline or isinstance(signature.origin, type):
            return call()
        return await self.in_thread(call, holds=self.holds)

    async def enter(self, call: Callable[[], Any], exits: AsyncExitStack, *, inline: bool) -> Any:
        """Run a generator up to its value; one already made a context manager is taken as it is."""
        made: Any = call()
        if hasattr(made, "__anext__"):
            made = asynccontextmanager(lambda: made)()
        elif hasattr(made, "__next__"):
            made = contextmanager(lambda: made)()
        if isinstance(made, AsyncManager):
            return await exits.enter_async_context(made)
        return exits.enter_context(made) if inline else await self.enter_in_thread(made, exits)

    async def enter_in_thread(self, manager: Manager[Any], exits: AsyncExitStack) -> Any:
        """Step a plain generator in worker threads, in one context: it resets what it has set."""
        entered: list[Any] = []
        within = copy_context().run
        leave = partial(self.in_thread, within, manager.__exit__, holds=True)
        enter = lambda: entered.append(within(manager.__enter__))  # noqa: E731
        try:
            await self.in_thread(enter, holds=self.holds)
        except BaseException as error:
            if entered:  # cancelled while the thread went on: what it has opened is closed
                await leave(type(error), error, error.__traceback__)
            raise
        exits.push_async_exit(leave)
        return entered[0]


def dependent_endpoint(plan: Plan, in_thread: RunInThread) -> Callable[[Request], Awaitable[Any]]:
    """Return `endpoint(request)` for a handler with dependencies."""
    steps = [Step.of(node) for node in plan.graph.nodes]
    has_after, kept = plan.graph.has_after, plan.context.providers.kept
    answer, dress, failed = answering(plan), plan.result.dress, plan.context.failed

    def finished(run: Run) -> Response:
        if run.result is _UNDONE:
            raise swallowed(plan.signature)
        return dress(run.request, run.result)  # with what was set after a `yield`

    async def endpoint(request: Request) -> Response:
        run = Run(steps, in_thread, kept, plan, request)
        try:
            if not has_after:
                await run.go(answer)
                return finished(run)
            async with AsyncExitStack() as run.after:
                await run.go(answer)
                response = finished(run)
                later = request.__dict__.setdefault("later", AsyncExitStack())
                later.push_async_callback(run.after.pop_all().aclose)
            return response
        except BaseException as error:
            if run.result is not _UNDONE:
                await drop(dress(request, run.result))
            if not isinstance(error, Exception | SystemExit):
                raise
            return await failed(request, error)

    return endpoint


def answering(plan: Plan) -> Callable[[Run], Awaitable[Response]]:
    """Return what calls the handler when its dependencies are open."""
    signature, handler, respond = plan.signature, plan.handler, plan.result.responder()
    is_awaited = signature.is_async and not signature.is_generator
    needs_thread = not (signature.is_async or signature.is_generator or plan.inline)
    root, reads_body = tuple(plan.graph.root.items()), reads(plan.parameters)
    safe, inputs = sorted_inputs(plan.parameters, plan.extractors)

    async def answer(run: Run) -> Response:
        request, arguments = run.request, {name: run.values[node] for name, node in root}
        for name, extract in safe:
            arguments[name] = extract(request)
        if inputs:
            arguments |= await run.take(inputs, reads_body)
        if needs_thread:
            call = lambda: respond(request, handler(**arguments))  # noqa: E731
            return await run.in_thread(call, dispose=drop, holds=run.holds)  # type: ignore[no-any-return]
        result = handler(**arguments)
        return respond(request, await result if is_awaited else result)

    return answer


def closing_after(call: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Any]:
    """Wrap an endpoint, middleware and all: what `exit="after"` keeps open closes with its answer.

    Around the middleware, because that may answer with another response than the handler's.
    """

    async def endpoint(request: Request) -> Response:
        try:
            response = await call(request)
        except BaseException:
            await request.__dict__.pop("later", AsyncExitStack()).aclose()
            raise
        if "later" in request.__dict__:
            response.on_close(request.__dict__.pop("later").aclose)
        return response

    return endpoint


async def drop(response: Response) -> None:
    """Close a response that is not sent, because something failed after it was made."""
    try:
        await response.close()
    except Exception:
        _log.exception("closing a response that was not sent failed")


def swallowed(signature: Signature) -> GambrelError:
    """The error of a generator that hid the failure of the function it was opened for."""
    what = f"a dependency of {signature.name} caught an error and did not raise it again"
    hint = "end the `except` block of the generator with `raise`: there is no answer"
    return GambrelError("binding.swallowed", what, signature.where, hint)


# Outside HTTP ---------------------------------------------------------------------------------


async def call_function(
    function: Callable[..., Any],
    given: dict[str, Any],
    providers: Providers,
    in_thread: RunInThread,
) -> Any:
    """Call a function with its dependencies where there is no request; `given` are its own.

    Raises GambrelError where something could only come from a request.
    """
    signature = read_signature(function, dict.fromkeys(given), providers.has)
    asked = [p for p in signature.parameters if p.name not in given]
    signature = structs.replace(signature, parameters=tuple(asked))
    graph = Graph.of(signature, (), providers, {})
    own = [p for p in asked if p.name not in graph.root]
    for chain, taken in [*((n.chain, n.parameters) for n in graph.nodes), ((signature,), own)]:
        for parameter in taken:
            if parameter.is_required:
                raise no_request(parameter, chain)

    async def finish(run: Run) -> Any:
        values = {name: run.values[node] for name, node in graph.root.items()}
        call = partial(signature.call, **given, **values)
        is_plain = signature.is_generator or not signature.is_async
        return await (run.in_thread(call, holds=run.holds) if is_plain else call())

    run = Run([Step.of(node) for node in graph.nodes], in_thread, providers.kept)
    async with AsyncExitStack() as run.after:
        await run.go(finish)
    if run.result is _UNDONE:
        raise swallowed(signature)
    return run.result


def no_request(parameter: Parameter, chain: Chain) -> GambrelError:
    """The error of a parameter that nobody gives, outside a request."""
    names = " → ".join(above.name for above in chain)
    return GambrelError(
        "binding.no-request",
        f"{parameter.name!r} of {chain[-1].name} comes from a request, and there is none",
        f"{names} ({chain[-1].where})",
        f"give it: `app.call({chain[0].name}, {parameter.name}=…)`"
        if len(chain) == 1
        else f"give {chain[0].name} what {chain[1].name} would make",
    )
