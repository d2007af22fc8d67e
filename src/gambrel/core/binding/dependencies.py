"""The dependency graph of one handler: what to open before it, in order, and to close after.

Built once at start-up, where cycles, missing providers and scopes that cannot hold are refused
with the chain that leads to them. Executed by `execute.py`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from msgspec import Struct, field, structs

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.extract import Extractor
from gambrel.core.binding.markers import Depends
from gambrel.core.binding.providers import WIDTH, Providers, check_known, identity
from gambrel.core.binding.signature import (
    REQUIRED,
    Parameter,
    Signature,
    read_signature,
    spell,
    strip_annotated,
    without_none,
)

__all__ = ["Chain", "Graph", "Node", "no_provider"]

Chain = tuple[Signature, ...]
"""How a callable came to be needed: from the handler down to it."""


class Node(Struct, eq=False):
    """One dependency: how to call it, where its arguments come from, how long its value lives.

    `edges` are its arguments that are dependencies, `inputs` (filled by the plan) take the others
    out of a request; of a closed one, nothing that has a default and no marker.
    """

    key: Any
    signature: Signature
    depends: Depends
    chain: Chain
    is_closed: bool
    reads_body: bool = False
    inputs: dict[str, Extractor] = field(default_factory=dict)
    edges: dict[str, "Node"] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Parameter]:
        """What it takes from the request itself.

        The factory of a type is bound by type: a client fills only what a marker opens to it.
        """
        return [
            p
            for p in self.signature.parameters
            if p.name not in self.edges
            and (not self.is_closed or p.is_required or p.marker or p.source == "framework")
        ]


class Graph:
    """The dependencies of one callable in the order they are opened; `root` maps its own."""

    def __init__(self, providers: Providers, path_names: Mapping[str, type | None]) -> None:
        self.providers = providers
        self.path_names = path_names
        self.nodes: list[Node] = []
        self.root: dict[str, Node] = {}
        self._by_key: dict[Any, Node] = {}

    @classmethod
    def of(
        cls,
        signature: Signature,
        extra: Iterable[Any],
        providers: Providers,
        path_names: Mapping[str, type | None],
    ) -> "Graph":
        """Return the graph of `signature` and the `extra` dependencies of its route.

        Raises GambrelError for cycles, types that do not match and scopes that depend on narrower
        ones.
        """
        graph = cls(providers, path_names)
        for each in extra:
            graph.visit(each if isinstance(each, Depends) else Depends(each), (signature,))
        graph.root = graph.edges_of((signature,))
        return graph

    @property
    def has_after(self) -> bool:
        """Whether something stays open until the last byte was sent."""
        return any(node.depends.exit == "after" for node in self.nodes)

    def edges_of(self, chain: Chain) -> dict[str, Node]:
        """Visit the dependencies of the last callable and return them by parameter name.

        What has `opened_last` waits for the others, the greatest longest: it may answer in place of
        a handler, or has to close before them.
        """
        edges: dict[str, Node] = {}
        turn = lambda one: getattr(one.annotation, "opened_last", 0)  # noqa: E731
        for parameter in sorted(chain[-1].parameters, key=turn):
            if isinstance(parameter.marker, Depends):
                edges[parameter.name] = node = self.visit(parameter.marker, chain)
                check_type(parameter, node, chain[-1])
            elif parameter.source == "provider":
                kind = without_none(strip_annotated(parameter.annotation))
                edges[parameter.name] = self.visit(Depends(self.providers.plain(kind)), chain)
        return edges

    def visit(self, depends: Depends, chain: Chain) -> Node:
        """Return the node of a dependency, adding what it depends on before it."""
        key, providers = identity(depends.call), self.providers
        check_known(depends.scope, f"{chain[-1].name} has a dependency", chain[-1].where)
        provider = providers.find(depends.call)
        depends = structs.replace(depends, scope=provider.scope) if provider else depends
        if depends.cached and key in self._by_key:
            check_same(self._by_key[key], depends, chain)
            return self._by_key[key]
        call = providers.factory(depends.call)
        if any(call is above.origin for above in chain):
            raise circle(call, chain)
        if not callable(call):
            raise not_callable(call, chain)
        signature = read_signature(call, self.path_names, providers.has)
        is_closed = bool(provider) or depends.scope == "app"
        node = Node(key, signature, depends, (*chain, signature), is_closed)
        node.edges = self.edges_of(node.chain)
        for parameter in node.parameters if provider else ():
            if parameter.marker is None and parameter.source != "framework":
                raise no_provider(parameter, node.chain)
        check_scope(node)
        self.nodes.append(node)
        if depends.cached:
            self._by_key[key] = node
        return node


def circle(call: Any, chain: Chain) -> GambrelError:
    """Return the error of dependencies that need each other."""
    start = next(index for index, above in enumerate(chain) if above.origin is call)
    names = [above.name for above in chain[start:]]
    what = f"dependencies need each other: {' → '.join([*names, names[0]])}"
    hint = "let one of them take what both need from a third"
    return GambrelError("binding.circle", what, chain[start].where, hint)


def not_callable(call: Any, chain: Chain) -> GambrelError:
    """Return the error of a dependency that is a value, mostly that of a call too many."""
    what = f"{chain[-1].name} depends on {call!r}, which is no function"
    hint = "write `Depends(f)` and not `Depends(f())`; of a value, `lambda: value`"
    return GambrelError("binding.not-callable", what, chain[-1].where, hint)


def no_provider(parameter: Parameter, chain: Chain) -> GambrelError:
    """Return the error of a parameter that can only be injected, and that nothing provides."""
    from gambrel.forgotten import hint_for_type, hint_to_provide  # noqa: PLC0415 - start-up: errors

    kind = spell(plain := without_none(strip_annotated(parameter.annotation)))
    return GambrelError(
        "binding.no-provider",
        f"nothing provides {kind}, which {parameter.name!r} of {chain[-1].name} needs",
        f"{' → '.join([*(above.name for above in chain), kind])} ({chain[-1].where})",
        hint_for_type(plain) or hint_to_provide(kind),
    )


def check_same(node: Node, depends: Depends, chain: Chain) -> None:
    """Raise where one value would have to live in two ways."""
    known = node.depends
    for option in ("scope", "exit", "inline", "max_concurrency"):
        one, other = getattr(known, option), getattr(depends, option)
        if one != other:
            raise GambrelError(
                "binding.depends-twice",
                f"{chain[-1].name} uses {node.signature.name} with {option}={other!r}, and "
                f"another function of the same request with {option}={one!r}",
                chain[-1].where,
                "say the same in both, or `cached=False` for a value of its own",
            )


def check_scope(node: Node) -> None:
    """Raise where a value would outlive what it is made from, or reads a request it has not."""
    own, scope, what, hint = node.signature.name, node.depends.scope, "", ""
    for name, edge in node.edges.items():
        if WIDTH[edge.depends.scope] < WIDTH[scope]:
            above, end = edge.signature.name, edge.depends.scope
            what = f", but {name!r} comes from {above}, which ends with the {end}"
            hint = f'give {above} scope="{scope}", or {own} less'
    if scope == "app" and node.parameters:
        what = f" and cannot read {node.parameters[0].name!r} from one request"
        hint = 'use scope="request", or take the value where it is used'
    if scope != "request" and (node.depends.exit == "after" or node.depends.max_concurrency):
        what = ": `exit` and `max_concurrency` say nothing of it"
        hint = 'leave them out, or use scope="request"'
    if what:
        what = f"{own} lives as long as the {scope}{what}"
        raise GambrelError("binding.scope", what, node.signature.where, hint)


def check_type(parameter: Parameter, node: Node, signature: Signature) -> None:
    """Raise where the return type of a dependency can never be the type of its parameter."""
    given, wanted = unwrap_yield(node.signature), strip_annotated(parameter.annotation)
    if not isinstance(given, type) or not isinstance(wanted, type):
        return
    numeric = wanted is float and given is int
    if Any in {given, wanted} or numeric or getattr(wanted, "_is_protocol", False):
        return
    if not issubclass(given, wanted) and not issubclass(wanted, given):
        maker, made = node.signature.name, spell(given)
        is_so = f"{parameter.name!r} of {signature.name} is {spell(wanted)}"
        what = f"{is_so}, but {maker} returns {made}"
        hint = f"write `Annotated[{made}, Depends({maker})]`"
        raise GambrelError("binding.depends-type", what, signature.where, hint)


def unwrap_yield(signature: Signature) -> Any:
    """Return the type a dependency gives: what it returns, or what its generator yields."""
    returned = signature.returns
    if returned is REQUIRED:
        return signature.call if isinstance(signature.call, type) else None
    if signature.is_generator:
        args = get_args(returned)
        return strip_annotated(args[0]) if args else None
    return strip_annotated(returned)
