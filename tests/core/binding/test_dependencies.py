from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Protocol

import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.dependencies import Graph
from gambrel.core.binding.markers import Depends, Header, Query
from gambrel.core.binding.providers import Provider, Providers, identity
from gambrel.core.binding.signature import read_signature
from gambrel.core.http.request import Request


class Settings: ...


class Engine: ...


class Mailer(Protocol):
    def send(self) -> None: ...


def graph_of(handler: Callable[..., Any], *extra: Any, providers: Providers | None = None) -> Graph:
    providers = providers or Providers()
    signature = read_signature(handler, {}, providers.has)
    return Graph.of(signature, extra, providers, {})


def refusal(handler: Callable[..., Any], *extra: Any, **known: Any) -> GambrelError:
    with pytest.raises(GambrelError) as caught:
        graph_of(handler, *extra, **known)
    return caught.value


def provide(kind: Any, factory: Callable[..., Any], scope: str = "request") -> Providers:
    providers = Providers()
    providers.add(Provider(kind, factory, scope))
    return providers


def names(graph: Graph) -> list[str]:
    return [node.signature.name.rpartition(".")[2] for node in graph.nodes]


# Order and sharing ----------------------------------------------------------------------------


def a() -> int: ...
def b(a: Annotated[int, Depends(a)]) -> int: ...
def c(a: Annotated[int, Depends(a)], b: Annotated[int, Depends(b)]) -> int: ...


def test_what_a_dependency_needs_is_opened_before_it_and_once():
    def handle(c: Annotated[int, Depends(c)], a: Annotated[int, Depends(a)]): ...

    assert names(graph_of(handle)) == ["a", "b", "c"]


def test_dependencies_open_in_the_order_of_parameters_and_those_of_the_route_first():
    def handle(b: Annotated[int, Depends(b)]): ...
    def check() -> None: ...

    assert names(graph_of(handle, check, Depends(c))) == ["check", "a", "b", "c"]


def test_what_is_to_be_opened_last_waits_for_the_others():
    class Form:
        opened_last = 1

    class Unit:
        opened_last = 2

    def handle(unit: Unit, form: Form, a: Annotated[int, Depends(a)]): ...

    providers = provide(Form, lambda: Form())
    providers.add(Provider(Unit, lambda: Unit()))
    graph = graph_of(handle, providers=providers)

    assert list(graph.root) == ["a", "form", "unit"]


def test_an_uncached_dependency_is_opened_for_everyone_who_wants_it():
    fresh = Annotated[int, Depends(a, cached=False)]

    def handle(one: fresh, two: fresh, b: Annotated[int, Depends(b)]): ...

    assert names(graph_of(handle)) == ["a", "a", "a", "b"]


def test_a_handler_without_dependencies_has_no_nodes():
    def handle(q: int): ...

    assert graph_of(handle).nodes == []


# What is refused ------------------------------------------------------------------------------


def test_a_circle_is_refused_with_the_way_around():
    def one(two: int): ...
    def two(one: Annotated[int, Depends(one)]): ...

    one.__annotations__["two"] = Annotated[int, Depends(two)]

    def handle(one: Annotated[int, Depends(one)]): ...

    error = refusal(handle)

    assert error.code == "binding.circle"
    assert error.what.count("→") == 2
    assert "test_dependencies.py" in error.where


def test_functions_of_one_name_are_no_circle():
    def layer(inner: Any) -> Any:
        def load(value: Annotated[int, Depends(inner)]) -> int: ...

        return load

    def handle(value: Annotated[int, Depends(layer(layer(a)))]): ...

    assert names(graph_of(handle)) == ["a", "load", "load"]


def test_one_value_cannot_end_both_before_and_after_the_response():
    def handle(
        one: Annotated[int, Depends(a)], other: Annotated[int, Depends(a, exit="after")]
    ): ...

    error = refusal(handle)

    assert error.code == "binding.depends-twice"
    assert "exit='after'" in error.what


@pytest.mark.parametrize("option", [{"exit": "after"}, {"max_concurrency": 3}])
def test_options_of_a_request_say_nothing_of_what_lives_longer(option):
    def handle(engine: Annotated[int, Depends(a, scope="app", **option)]): ...

    assert refusal(handle).code == "binding.scope"


def test_what_lives_long_cannot_be_made_of_what_lives_short():
    def long(a: Annotated[int, Depends(a)]) -> int: ...
    def handle(long: Annotated[int, Depends(long, scope="connection")]): ...

    error = refusal(handle)

    assert error.code == "binding.scope"
    assert error.hint == 'give a scope="connection", or ' + error.what.split(" lives")[0] + " less"


@pytest.mark.parametrize(
    "annotation", [Annotated[str, Header()], Request], ids=["header", "request"]
)
def test_what_lives_as_long_as_the_app_cannot_read_one_request(annotation):
    def engine(value) -> int: ...

    engine.__annotations__["value"] = annotation

    def handle(engine: Annotated[int, Depends(engine, scope="app")]): ...

    error = refusal(handle)

    assert error.code == "binding.scope"
    assert "'value'" in error.what


def test_what_lives_as_long_as_the_app_keeps_its_own_defaults():
    def engine(size: int = 5) -> int: ...
    def handle(engine: Annotated[int, Depends(engine, scope="app")]): ...

    assert graph_of(handle).nodes[0].parameters == []


# Types ----------------------------------------------------------------------------------------


class Animal: ...


class Dog(Animal): ...


def function(returns: Any) -> Callable[[], Any]:
    def give(): ...

    give.__annotations__["return"] = returns
    return give


def generator(returns: Any) -> Callable[[], Any]:
    def give():
        yield

    give.__annotations__["return"] = returns
    return give


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (function(int), str),
        (function(None), str),
        (function(Dog), str),
        (generator(Iterator[int]), str),
        (generator(AsyncIterator[Dog]), str),
        (Dog, str),
    ],
)
def test_a_dependency_of_another_type_is_refused(given, wanted):
    def handle(value): ...

    handle.__annotations__["value"] = Annotated[wanted, Depends(given)]

    assert refusal(handle).code == "binding.depends-type"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (function(Dog), Animal),
        (function(Animal), Dog),
        (function(int), float),
        (function(Dog), Mailer),
        (function(Dog), Dog | None),
        (function(list[int]), list[str]),
        (function(Any), str),
        (generator(Iterator[Dog]), Animal),
        (lambda: 1, str),
        (Dog, Animal),
        (Settings, object),
    ],
)
def test_a_dependency_that_may_be_of_the_type_is_taken(given, wanted):
    def handle(value): ...

    handle.__annotations__["value"] = Annotated[wanted, Depends(given)]

    assert len(graph_of(handle).nodes) == 1


# Providers ------------------------------------------------------------------------------------


def test_a_protocol_is_made_by_its_provider():
    def handle(mailer: Mailer, maybe: Mailer | None): ...

    graph = graph_of(handle, providers=provide(Mailer, Engine, "app"))

    assert names(graph) == ["Engine"]
    assert graph.root["mailer"] is graph.root["maybe"]
    assert graph.nodes[0].depends.scope == "app"


def test_a_factory_of_a_type_is_not_filled_from_the_request():
    class Client:
        def __init__(self, sender: str = "me", *, level: Annotated[int, Query()] = 1): ...

    def handle(client: Client): ...

    graph = graph_of(handle, providers=provide(Client, Client))

    assert [p.name for p in graph.nodes[0].parameters] == ["level"]


def test_a_factory_that_wants_what_nothing_provides_is_refused_with_the_chain():
    class Client:
        def __init__(self, engine: Engine): ...

    def service(client: Client) -> int: ...
    def handle(service: Annotated[int, Depends(service)]): ...

    error = refusal(handle, providers=provide(Client, Client))

    assert error.code == "binding.no-provider"
    assert error.what.startswith("nothing provides Engine, which 'engine' of ")
    assert error.where.count(" → ") == 3
    assert "app.provide(Engine, make_it)" in error.hint


@pytest.mark.parametrize("kind", [int, str, list[int]], ids=str)
def test_a_factory_that_wants_a_plain_value_is_refused_rather_than_filled_by_clients(kind):
    class Client:
        def __init__(self, name): ...

    Client.__init__.__annotations__["name"] = kind

    def handle(client: Client): ...

    assert refusal(handle, providers=provide(Client, Client)).code == "binding.no-provider"


def test_an_override_takes_the_place_of_a_dependency_with_its_own_parameters():
    def fake(engine: Annotated[int, Depends(a)]) -> int: ...
    def handle(b: Annotated[int, Depends(b)]): ...

    providers = Providers()
    providers.overrides = {identity(b): fake}

    assert names(graph_of(handle, providers=providers)) == ["a", "fake"]


@pytest.mark.parametrize("call", ["value", 3])
def test_a_value_is_no_dependency(call):
    def handle(a: Annotated[Any, Depends(call)]): ...

    error = refusal(handle)

    assert error.code == "binding.not-callable"
    assert "test_dependencies.py:" in error.where
    assert "`Depends(f)`" in error.hint


def test_a_scope_that_there_is_not_is_refused():
    def handle(a: Annotated[int, Depends(a, scope="singleton")]): ...

    error = refusal(handle)

    assert (error.code, 'scope="app"' in error.hint) == ("binding.scope", True)


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [
        (Annotated[str, Depends], "write `Annotated[str, Depends(make_it)]`"),
        (Annotated[int, a], "write `Annotated[int, Depends(a)]`"),
    ],
)
def test_a_marker_without_the_function_it_is_about_is_refused(annotation, hint):
    def handle(a): ...

    handle.__annotations__["a"] = annotation

    error = refusal(handle)

    assert (error.code, error.hint) == ("binding.bare-depends", hint)
    assert "test_dependencies.py:" in error.where
