"""Run a function with its dependencies: open, call, answer, close in reverse.

Generators are left after the response is encoded and before its head is sent, so that a failing
commit is still an error; those declared `exit="after"` once the last byte has gone. The states a
request goes through are those of `docs/decisions/0012-unit-of-work.md`.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager as AsyncManager
from contextlib import AbstractContextManager as Manager
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any

from msgspec import structs

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
Take = Callable[[dict[str, Extractor], bool], Awaitable[dict[str, Any]]]
_log = logging.getLogger("gambrel")


class Run:
    """The open dependencies of one call.

    `take` runs extractors for the arguments that come from the request, `kept` and `connection`
    hold what outlives it.
    """

    __slots__ = ("after", "before", "connection", "in_thread", "kept", "take", "values")

    def __init__(
        self, in_thread: RunInThread, take: Take, kept: Keep, connection: Any = None
    ) -> None:
        self.in_thread = in_thread
        self.take = take
        self.kept = kept
        self.connection = connection
        self.values: dict[Node, Any] = {}
        self.before = AsyncExitStack()
        self.after = AsyncExitStack()

    async def open(self, graph: Graph) -> None:
        """Open every node of `graph` in order."""
        for node in graph.nodes:
            self.values[node] = await self.value_of(node)
            if node.signature.is_generator:  # it may hold what others wait for in their threads
                self.in_thread = partial(self.in_thread, holds=True)

    async def value_of(self, node: Node) -> Any:
        """Return the value of a node: kept from before, or made now, once."""
        keep = self.keep_of(node)
        if keep is None:
            exits = self.before if node.depends.exit == "before" else self.after
            return await self.make(node, exits)
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
        if node.depends.scope == "request" or not hasattr(self.connection, "kept"):
            return None  # of a connection with one request, they are the same
        keep: Keep = self.connection.kept or Keep()
        self.connection.kept = keep
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
        return await self.in_thread(call)

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
        """Step a plain generator in worker threads."""
        entered: list[Any] = []
        leave = partial(self.in_thread, manager.__exit__, holds=True)
        try:
            await self.in_thread(lambda: entered.append(manager.__enter__()))
        except BaseException as error:
            if entered:  # cancelled while the thread went on: what it has opened is closed
                await leave(type(error), error, error.__traceback__)
            raise
        exits.push_async_exit(leave)
        return entered[0]


def dependent_endpoint(plan: Plan, in_thread: RunInThread) -> Callable[[Request], Awaitable[Any]]:
    """Return `endpoint(request)` for a handler with dependencies."""
    graph, signature, failed = plan.graph, plan.signature, plan.context.failed
    handler, respond, dress = plan.handler, plan.result.to_response, plan.result.dress
    is_awaited = signature.is_async and not signature.is_generator
    needs_thread = not (signature.is_async or signature.is_generator or plan.inline)
    kept = plan.context.providers.kept
    reads_body, has_after = reads(plan.parameters), graph.has_after

    async def answer(request: Request, run: Run) -> Response:
        await run.open(graph)
        arguments = await run.take(plan.extractors, reads_body)
        arguments |= {name: run.values[node] for name, node in graph.root.items()}
        if needs_thread:
            response: Response = await run.in_thread(
                lambda: respond(request, handler(**arguments)), dispose=drop
            )
            return response
        result = handler(**arguments)
        return respond(request, await result if is_awaited else result)

    async def endpoint(request: Request) -> Response:
        run = Run(in_thread, partial(take, plan, request), kept, request.connection)
        response: Response | None = None
        try:
            async with run.after:
                async with run.before:
                    response = await answer(request, run)
                if response is None:
                    raise swallowed(signature)
                response = dress(request, response)  # with what was set after a `yield`
                if has_after:
                    later = request.__dict__.setdefault("later", AsyncExitStack())
                    later.push_async_callback(run.after.pop_all().aclose)
            return response
        except BaseException as error:
            if response is not None:
                await drop(dress(request, response))
            if not isinstance(error, Exception | SystemExit):
                raise
            return await failed(request, error)

    return endpoint


async def take(
    plan: Plan, request: Request, extractors: dict[str, Extractor], reads_body: bool
) -> dict[str, Any]:
    """Run some extractors of a plan; a fault is told with all others of the request."""
    try:
        if reads_body and not plan.is_ready(request):
            await plan.load(request)
        return {name: extract(request) for name, extract in extractors.items()}
    except Exception as error:
        if not reads_body and not plan.is_ready(request):
            with suppress(HTTPError, OSError):  # the fault at hand is told anyway
                await plan.load(request)
        raise plan.diagnose(request, error) from None


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
    return GambrelError(
        "binding.swallowed",
        f"a dependency of {signature.name} caught an error and did not raise it again, "
        "so there is no answer",
        signature.where,
        "end the `except` block of the generator with `raise`",
    )


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
    signature = read_signature(function, tuple(given), providers.has)
    asked = [p for p in signature.parameters if p.name not in given]
    signature = structs.replace(signature, parameters=tuple(asked))
    graph = Graph.of(signature, (), providers)
    own = [p for p in asked if p.name not in graph.root]
    for chain, taken in [*((n.chain, n.parameters) for n in graph.nodes), ((signature,), own)]:
        for parameter in taken:
            if parameter.is_required:
                raise no_request(parameter, chain)
    run, is_done, result = Run(in_thread, nothing, providers.kept), False, None
    async with run.after, run.before:
        await run.open(graph)
        values = {name: run.values[node] for name, node in graph.root.items()}
        call = partial(signature.call, **given, **values)
        is_plain = signature.is_generator or not signature.is_async
        result = await (run.in_thread(call) if is_plain else call())
        is_done = True
    if not is_done:
        raise swallowed(signature)
    return result


async def nothing(_extractors: dict[str, Extractor], _reads_body: bool) -> dict[str, Any]:
    """Take nothing from a request that is not there: Python fills in the defaults."""
    return {}


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
