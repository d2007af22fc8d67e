"""Run a handler with its dependencies: open, call, answer, close in reverse.

Generators are left after the response is encoded and before its head is sent, so that a failing
commit is still an error; those declared `exit="after"` once the last byte has gone.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from gambrel.core.binding.dependencies import Graph, Node
from gambrel.core.binding.plan import Plan
from gambrel.core.binding.providers import Keep
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Run", "RunInThread", "dependent_endpoint", "plain_endpoint"]

RunInThread = Callable[..., Awaitable[Any]]


class Run:
    """The open dependencies of one call."""

    __slots__ = ("after", "before", "in_thread", "request", "values")

    def __init__(self, request: Any, in_thread: RunInThread) -> None:
        self.request = request
        self.in_thread = in_thread
        self.values: dict[Node, Any] = {}
        self.before = AsyncExitStack()
        self.after = AsyncExitStack()

    async def open(self, plan: Plan | None, graph: Graph) -> None:
        """Open every node of `graph` in order."""
        for node in graph.nodes:
            self.values[node] = await self.value_of(plan, node, graph)

    async def value_of(self, plan: Plan | None, node: Node, graph: Graph) -> Any:
        """Return the value of a node: kept from before, or made now."""
        keep = self.keep_of(node, graph)
        if keep is not None and node.key in keep.values:
            return keep.values[node.key]
        if plan is not None and node.reads_body and not plan.is_ready(self.request):
            await plan.load(self.request)
        arguments = self.arguments(plan, node)
        exits = self.exits_of(node, keep)
        if node.limit is not None:
            await node.limit.acquire()
            exits.callback(node.limit.release)
        value = await self.make(node, arguments, exits)
        if keep is not None:
            keep.values[node.key] = value
        return value

    def keep_of(self, node: Node, graph: Graph) -> Keep | None:
        """Return where a value that outlives the request is kept."""
        if node.depends.scope == "app":
            return graph.providers.kept
        if node.depends.scope == "connection":
            kept: Keep | None = getattr(self.request.connection, "kept", None)
            return kept
        return None

    def exits_of(self, node: Node, keep: Keep | None) -> AsyncExitStack:
        """Return the stack that closes a node."""
        if keep is not None:
            return keep.exits
        return self.after if node.depends.exit == "after" else self.before

    def arguments(self, plan: Plan | None, node: Node) -> dict[str, Any]:
        """Return the arguments of a node; every fault of the request in one error."""
        arguments = {name: self.values[edge] for name, edge in node.edges.items()}
        try:
            for name, extract in node.inputs.items():
                arguments[name] = extract(self.request)
        except Exception as error:
            if plan is None:
                raise
            raise plan.diagnose_all(self.request, error) from None
        return arguments

    async def make(self, node: Node, arguments: dict[str, Any], exits: AsyncExitStack) -> Any:
        """Call a node's function in the way of its kind."""
        call, signature = node.signature.call, node.signature
        if signature.is_generator and signature.is_async:
            return await exits.enter_async_context(asynccontextmanager(call)(**arguments))
        if signature.is_generator:
            if node.depends.inline:
                return exits.enter_context(contextmanager(call)(**arguments))
            return await exits.enter_async_context(self.threaded(call, arguments))
        if signature.is_async:
            return await call(**arguments)
        if node.depends.inline or isinstance(call, type):
            return call(**arguments)
        return await self.in_thread(call_with, call, arguments)

    @asynccontextmanager
    async def threaded(self, call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Step a sync generator in worker threads."""
        manager = contextmanager(call)(**arguments)
        value = await self.in_thread(manager.__enter__)
        try:
            yield value
        except BaseException as error:
            if not await self.in_thread(manager.__exit__, type(error), error, error.__traceback__):
                raise
        else:
            await self.in_thread(manager.__exit__, None, None, None)


def call_with(call: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Call with keyword arguments, for `in_thread`."""
    return call(**arguments)


def dependent_endpoint(plan: Plan, in_thread: RunInThread) -> Callable[[Request], Awaitable[Any]]:
    """Return `endpoint(request)` for a handler with dependencies."""
    graph = plan.graph
    assert graph is not None
    handler, signature, failed = plan.handler, plan.signature, plan.context.failed
    respond, needs_thread = plan.result.respond, not signature.is_async and not plan.inline

    async def call(request: Request, run: Run) -> Response:
        await run.open(plan, graph)
        if not plan.is_ready(request):
            await plan.load(request)
        try:
            arguments = plan.bind(request)
        except Exception as error:
            raise plan.diagnose_all(request, error) from None
        for name, node in graph.root.items():
            arguments[name] = run.values[node]
        if needs_thread:
            result = await in_thread(call_with, handler, arguments)
        else:
            result = handler(**arguments)
            if signature.is_async and not signature.is_generator:
                result = await result
        return respond(request, result)

    async def endpoint(request: Request) -> Response:
        run = Run(request, in_thread)
        try:
            async with run.after:
                response = None
                async with run.before:
                    response = await call(request, run)
                if response is None:
                    raise swallowed(signature.name, signature.where)
                later = run.after.pop_all()
                response.on_close(later.aclose)
                return response
        except Exception as error:
            return await failed(request, error)

    return endpoint


def swallowed(name: str, where: str) -> GambrelError:
    """The error of a generator that hid the failure of the handler it was opened for."""
    return GambrelError(
        "binding.swallowed",
        f"a dependency of {name} caught an error and did not raise it again, so there is no answer",
        where,
        "end the `except` block of the generator with `raise`",
    )


def plain_endpoint(plan: Plan) -> Callable[[Request], Any]:
    """Return the closure endpoint of a plan without dependencies: the generator's reference."""
    handler, failed, respond = plan.handler, plan.context.failed, plan.result.respond

    async def endpoint(request: Request) -> Response:
        try:
            if not plan.is_ready(request):
                await plan.load(request)
            arguments = plan.bind(request)
        except Exception as error:
            return await failed(request, plan.diagnose(request, error))
        try:
            return respond(request, await handler(**arguments))
        except Exception as error:
            return await failed(request, error)

    def sync_endpoint(request: Request) -> Any:
        try:
            arguments = plan.bind(request)
        except Exception as error:
            return failed(request, plan.diagnose(request, error))
        try:
            return respond(request, handler(**arguments))
        except Exception as error:
            return failed(request, error)

    is_coroutine = plan.signature.is_async and not plan.signature.is_generator
    return endpoint if is_coroutine else sync_endpoint
