"""The dependency graph of one handler: what to open before it, in order, and to close after.

Built once at start-up, where cycles, missing providers and scopes that cannot hold are refused
with the chain that leads to them. Executed by `execute.py`.
"""

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any, get_args, get_origin

from msgspec import Struct, field

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.extract import Extractor, build_extractor
from gambrel.core.binding.markers import Depends
from gambrel.core.binding.providers import WIDTH, Providers
from gambrel.core.binding.signature import (
    REQUIRED,
    Parameter,
    Signature,
    read_signature,
    spell,
    strip_annotated,
    without_none,
)

__all__ = ["Graph", "Node"]


class Node(Struct, eq=False):
    """One dependency: how to call it, where its arguments come from, how long its value lives."""

    key: Any
    signature: Signature
    depends: Depends
    inputs: dict[str, Extractor] = field(default_factory=dict)
    edges: dict[str, "Node"] = field(default_factory=dict)
    limit: asyncio.Semaphore | None = None

    @property
    def reads_body(self) -> bool:
        """Whether one of its arguments comes from the body."""
        return any(p.source in {"body", "form", "file"} for p in self.signature.parameters)


class Graph:
    """The dependencies of one callable in the order they are opened; `root` maps its own."""

    def __init__(self, providers: Providers, path_names: Iterable[str] = ()) -> None:
        self.providers = providers
        self.path_names = tuple(path_names)
        self.nodes: list[Node] = []
        self.root: dict[str, Node] = {}
        self._by_key: dict[Any, Node] = {}

    @classmethod
    def of(
        cls,
        signature: Signature,
        extra: tuple[Depends, ...],
        providers: Providers,
        path_names: Iterable[str] = (),
    ) -> "Graph | None":
        """Return the graph of `signature` and the route's `extra` dependencies, or None.

        Raises GambrelError for cycles, missing providers, types that do not match and scopes
        that depend on narrower ones.
        """
        graph = cls(providers, path_names)
        for depends in extra:
            graph.visit(depends.call, depends, ())
        graph.root = graph.edges_of(signature, (signature.name,))
        return graph if graph.nodes else None

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """Every parameter any node takes from the request."""
        return tuple(
            parameter
            for node in self.nodes
            for parameter in node.signature.parameters
            if parameter.name in node.inputs
        )

    def edges_of(self, signature: Signature, chain: tuple[str, ...]) -> dict[str, Node]:
        """Visit the dependencies of one callable and return them by parameter name."""
        edges: dict[str, Node] = {}
        for parameter in signature.parameters:
            if isinstance(parameter.marker, Depends):
                edges[parameter.name] = node = self.visit(
                    parameter.marker.call, parameter.marker, chain
                )
                check_type(parameter, node, signature)
            elif parameter.source == "provider":
                kind = without_none(strip_annotated(parameter.annotation))
                scope = self.providers.by_kind[kind].scope
                edges[parameter.name] = self.visit(kind, Depends(kind, scope=scope), chain)
        return edges

    def visit(self, key: Any, depends: Depends, chain: tuple[str, ...]) -> Node:
        """Return the node of a dependency, adding what it depends on before it."""
        if depends.cached and key in self._by_key:
            return self._by_key[key]
        call = self.providers.factory(key)
        signature = read_signature(call, self.path_names, self.providers.has)
        if signature.name in chain:
            circle = " → ".join([*chain[chain.index(signature.name) :], signature.name])
            raise GambrelError(
                "binding.circle",
                f"dependencies need each other: {circle}",
                signature.where,
                "let one of them take what both need from a third",
            )
        node = Node(key, signature, depends)
        node.edges = self.edges_of(signature, (*chain, signature.name))
        for parameter in signature.parameters:
            if parameter.name not in node.edges:
                refuse_unprovided(parameter, (*chain, signature.name))
                node.inputs[parameter.name] = build_extractor(parameter)
        check_scope(node)
        if depends.max_concurrency is not None:
            node.limit = asyncio.Semaphore(depends.max_concurrency)
        self.nodes.append(node)
        if depends.cached:
            self._by_key[key] = node
        return node


def refuse_unprovided(parameter: Parameter, chain: tuple[str, ...]) -> None:
    """Raise where a parameter's type can only be injected and nothing provides it."""
    kind = without_none(strip_annotated(parameter.annotation))
    if parameter.source != "query" or not is_injectable_only(kind):
        return
    raise GambrelError(
        "binding.no-provider",
        f"nothing provides {spell(kind)}, which {parameter.name!r} of {chain[-1]} needs",
        " → ".join([*chain, spell(kind)]),
        f"register one: `app.provide({spell(kind)}, make_it)`, "
        f"or write `Annotated[{spell(kind)}, Depends(make_it)]`",
    )


_PARSED_MODULES = {"builtins", "datetime", "decimal", "uuid", "enum", "typing", "types", "pathlib"}


def is_injectable_only(kind: Any) -> bool:
    """Whether a class is a protocol or a plain class that no text can be read as."""
    if not isinstance(kind, type) or get_origin(kind) is not None:
        return False
    if getattr(kind, "_is_protocol", False) or inspect.isabstract(kind):
        return True
    return kind.__module__ not in _PARSED_MODULES and not any(
        base.__module__ in _PARSED_MODULES and base is not object for base in kind.__mro__
    )


def check_scope(node: Node) -> None:
    """Raise where a value would outlive what it is made from, or reads a request it has not."""
    scope = node.depends.scope
    for name, edge in node.edges.items():
        if WIDTH[edge.depends.scope] < WIDTH[scope]:
            raise GambrelError(
                "binding.scope",
                f"{node.signature.name} lives as long as the {scope}, but {name!r} comes from "
                f"{edge.signature.name}, which ends with the {edge.depends.scope}",
                node.signature.where,
                f'give {edge.signature.name} scope="{scope}", or {node.signature.name} less',
            )
    if scope == "app" and node.inputs:
        raise GambrelError(
            "binding.scope",
            f"{node.signature.name} lives as long as the app and cannot read "
            f"{next(iter(node.inputs))!r} from one request",
            node.signature.where,
            'use scope="request", or take the value where it is used',
        )


def check_type(parameter: Parameter, node: Node, signature: Signature) -> None:
    """Raise where the return type of a dependency can never be the type of its parameter."""
    given, wanted = unwrap_yield(node.signature), strip_annotated(parameter.annotation)
    if not isinstance(given, type) or not isinstance(wanted, type):
        return
    numeric = wanted is float and given is int
    if wanted in {object, Any} or numeric or getattr(wanted, "_is_protocol", False):
        return
    if not issubclass(given, wanted) and not issubclass(wanted, given):
        raise GambrelError(
            "binding.depends-type",
            f"{parameter.name!r} of {signature.name} is {spell(wanted)}, but "
            f"{node.signature.name} returns {spell(given)}",
            signature.where,
            f"write `Annotated[{spell(given)}, Depends({node.signature.name})]`",
        )


def unwrap_yield(signature: Signature) -> Any:
    """Return the type a dependency gives: what it returns, or what its generator yields."""
    returned = signature.returns
    if returned is REQUIRED:
        return signature.call if isinstance(signature.call, type) else None
    if signature.is_generator:
        args = get_args(returned)
        return strip_annotated(args[0]) if args else None
    return strip_annotated(returned)
