import dataclasses
import enum
import functools
import importlib
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, Optional, TypedDict, TypeVar, Union

import attrs
import msgspec
import pydantic
import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.markers import Body, Cookie, Depends, File, Form, Header, Path, Query
from gambrel.core.binding.signature import REQUIRED, location_of, read_signature, spell
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.query import QueryParams
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import JSON, Response

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"


class Item(msgspec.Struct):
    name: str


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


@dataclasses.dataclass
class Point:
    x: int


@attrs.define
class Size:
    width: int


class Fields(TypedDict):
    name: str


class Pair(NamedTuple):
    left: int


class Model(pydantic.BaseModel):
    name: str


class Mailer:
    pass


class Special(Request):
    pass


def current_user() -> str:
    return "ann"


def parameter_of(
    annotation: Any, name: str = "value", default: Any = REQUIRED, **known: Any
) -> Any:
    """Return how one parameter of a handler is read."""
    namespace = {"annotation": annotation, "default": default}
    text = f"def handle({name}: annotation{'' if default is REQUIRED else ' = default'}): ..."
    exec(text, namespace)
    return read_signature(namespace["handle"], **known).parameters[0]


def refusal(call: Callable[..., Any], **known: Any) -> GambrelError:
    with pytest.raises(GambrelError) as caught:
        read_signature(call, **known)
    return caught.value


@pytest.mark.parametrize(
    ("annotation", "source"),
    [
        (int, "query"),
        (str, "query"),
        (bool | None, "query"),
        (Colour, "query"),
        (uuid.UUID, "query"),
        (date, "query"),
        (datetime | None, "query"),
        (Decimal, "query"),
        (Literal["a", "b"], "query"),
        (list[int], "query"),
        (set[Colour], "query"),
        (tuple[int, ...], "query"),
        (list[int] | None, "query"),
        (Optional[int], "query"),  # noqa: UP045 - the old spelling is read too
        (Union[int, str], "query"),  # noqa: UP007
        (Annotated[int, msgspec.Meta(ge=1)], "query"),
        (Item, "body"),
        (Item | None, "body"),
        (list[Item], "body"),
        (set[Pair], "body"),
        (list[Item] | None, "body"),
        (dict[str, int], "body"),
        (dict, "body"),
        (Mapping[str, int], "body"),
        (Mapping, "body"),
        (dict[str, list[Item]] | None, "body"),
        (Page[Item], "body"),
        (Item | Page[int], "body"),
        (Point, "body"),
        (Size, "body"),
        (Fields, "body"),
        (Pair, "body"),
        (Model, "body"),
        (list[Model], "body"),
        (Any, "body"),
        (object, "body"),
        (Annotated[Item, msgspec.Meta(description="it")], "body"),
        (Upload, "file"),
        (Upload | None, "file"),
        (list[Upload], "file"),
        (Request, "framework"),
        (Response, "framework"),
        (Headers, "framework"),
        (ResponseHeaders, "framework"),
        (State, "framework"),
        (QueryParams, "framework"),
        (Annotated[int, Path()], "path"),
        (Annotated[int, Query()], "query"),
        (Annotated[Item, Query()], "query"),
        (Annotated[int, Header()], "header"),
        (Annotated[int, Cookie()], "cookie"),
        (Annotated[int, Body()], "body"),
        (Annotated[int, Form()], "form"),
        (Annotated[Item, Form()], "form"),
        (Annotated[Upload, File()], "file"),
        (Annotated[int, Query], "query"),
        (Annotated[str, Depends(current_user)], "depends"),
    ],
    ids=str,
)
def test_name_and_type_tell_where_a_parameter_comes_from(annotation, source):
    names = {"value": None} if source == "path" else {}

    assert parameter_of(annotation, path_names=names).source == source


@pytest.mark.parametrize("annotation", [int, str, Item, Request, Annotated[str, "note"]], ids=str)
def test_a_name_in_the_path_is_a_path_parameter_whatever_its_type(annotation):
    assert parameter_of(annotation, path_names={"value": None}).source == "path"


def test_a_marker_holds_against_a_name_in_the_path():
    assert parameter_of(Annotated[int, Query()], path_names={"value": None}).source == "query"


@pytest.mark.parametrize("annotation", [Mailer, Item, str, Mailer | None], ids=str)
def test_a_type_with_a_provider_is_never_read_from_input(annotation):
    provided = {Mailer, Item, str}.__contains__

    assert parameter_of(annotation, is_provided=provided).source == "provider"


def test_what_is_derived_from_a_framework_type_is_not_taken_for_it():
    provided = {Special, JSON}.__contains__

    assert parameter_of(Special, is_provided=provided).source == "provider"
    assert parameter_of(JSON, is_provided=provided).source == "provider"


def test_a_header_is_named_with_dashes_unless_it_has_an_alias():
    plain = parameter_of(Annotated[str, Header()], "user_agent")
    named = parameter_of(Annotated[str, Header(alias="X_Odd")], "user_agent")

    assert (plain.alias, named.alias) == ("user-agent", "x_odd")


def test_an_alias_is_the_name_on_the_wire():
    parameter = parameter_of(Annotated[int, Query(alias="page-size")])

    assert (parameter.name, parameter.alias) == ("value", "page-size")


def test_constraints_stay_with_the_type_when_its_marker_is_taken_out():
    low = msgspec.Meta(ge=1)

    parameter = parameter_of(Annotated[int, low, Query(), "note"])

    assert parameter.annotation == Annotated[int, low, "note"]


def test_annotations_of_annotations_are_read_through():
    user = Annotated[str, Depends(current_user)]

    assert parameter_of(Annotated[user, "note"]).source == "depends"


def test_a_class_as_marker_of_its_own_type_makes_it():
    parameter = parameter_of(Annotated[Mailer, Depends])

    assert parameter.source == "depends"
    assert parameter.marker.call is Mailer


@pytest.mark.skipif(not hasattr(__import__("typing"), "TypeAliasType"), reason="Python 3.12")
def test_type_aliases_stand_for_what_they_name():
    namespace: dict[str, Any] = {"Annotated": Annotated, "Depends": Depends, "f": current_user}
    exec("type User = Annotated[str, Depends(f)]\ntype Maybe = User | None", namespace)

    assert parameter_of(namespace["User"]).source == "depends"
    with pytest.raises(GambrelError, match="inner-marker"):
        parameter_of(namespace["Maybe"])


def test_a_default_makes_a_parameter_optional():
    assert parameter_of(int).is_required
    assert not parameter_of(int, default=3).is_required


@pytest.mark.parametrize(
    ("annotation", "made"),
    [(int, uuid.UUID), (uuid.UUID, int), (str, int), (Colour, int), (int | None, date)],
    ids=str,
)
def test_a_path_parameter_is_of_the_type_that_its_converter_makes(annotation, made):
    def handle(key: annotation): ...

    refused = refusal(handle, path_names={"key": made})

    assert refused.code == "binding.path-parameter"
    assert f"`key: {made.__name__}`" in refused.hint


@pytest.mark.parametrize(
    "annotation",
    [int, int | None, Annotated[int, msgspec.Meta(le=5)], object, int | str],
    ids=str,
)
def test_a_path_parameter_may_be_wider_than_what_its_converter_makes(annotation):
    assert parameter_of(annotation, path_names={"value": int}).annotation == annotation


def test_an_unannotated_path_parameter_is_what_its_converter_makes():
    def handle(key): ...

    assert read_signature(handle, path_names={"key": int}).parameters[0].annotation is int


def test_an_unannotated_request_and_path_parameter_are_known_by_name():
    def handle(request, slug): ...

    request, slug = read_signature(handle, path_names={"slug": None}).parameters

    assert (request.annotation, request.source) == (Request, "framework")
    assert (slug.annotation, slug.source) == (str, "path")


# What is refused ------------------------------------------------------------------------------


def test_a_marker_as_default_is_refused_with_the_corrected_line():
    def handle(user: list[str] = Depends(current_user)): ...  # noqa: B008 - the mistake

    error = refusal(handle)

    assert error.code == "binding.default-marker"
    assert error.hint == "write `user: Annotated[list[str], Depends(current_user)]`"


@pytest.mark.parametrize(
    ("default", "hint"),
    [
        (Query(alias="n"), "write `value: Annotated[int, Query()]`"),
        (Query, "write `value: Annotated[int, Query()]`"),
        (Depends, "write `value: Annotated[int, Depends(int)]`"),
    ],
)
def test_any_marker_as_default_is_refused(default, hint):
    with pytest.raises(GambrelError, match="default-marker") as caught:
        parameter_of(int, default=default)

    assert caught.value.hint == hint


def test_variadic_parameters_are_refused():
    def positional(*values: int): ...
    def named(**values: int): ...

    assert refusal(positional).code == refusal(named).code == "binding.variadic"


def test_a_parameter_without_annotation_is_refused_with_its_place():
    def handle(page): ...

    error = refusal(handle)

    assert error.code == "binding.unannotated"
    assert "'page'" in error.what
    assert "test_signature.py" in error.where


def test_two_markers_are_refused():
    def handle(page: Annotated[int, Query(), Header()]): ...

    assert refusal(handle).code == "binding.two-markers"


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[Item, Depends(current_user)] | None,
        list[Annotated[int, Query()]],
        dict[str, Annotated[Item, Depends]],
    ],
    ids=str,
)
def test_a_marker_inside_a_type_is_refused_where_the_input_would_be_parsed_instead(annotation):
    with pytest.raises(GambrelError) as caught:
        parameter_of(annotation)

    assert caught.value.code == "binding.inner-marker"


def test_a_path_marker_whose_name_the_path_has_not_is_refused_unless_it_has_a_default():
    def handle(key: Annotated[int, Path(alias="id")]): ...
    def optional(key: Annotated[int, Path(alias="id")] = 0): ...

    assert refusal(handle, path_names={"key": None}).code == "binding.path-parameter"
    assert read_signature(handle, path_names={"id": None}).parameters[0].alias == "id"
    assert read_signature(optional).parameters[0].source == "path"


@pytest.mark.parametrize("annotation", ["Nowhere", "list[", "1 / 0", "Item.absent"])
def test_an_annotation_that_cannot_be_evaluated_is_refused_with_its_place(annotation):
    def handle(item): ...

    handle.__annotations__ = {"item": annotation}

    error = refusal(handle)

    assert error.code == "binding.annotation"
    assert "test_signature.py" in error.where
    assert "if TYPE_CHECKING" in error.hint


# Annotations as text --------------------------------------------------------------------------


@pytest.fixture
def load(tmp_path, monkeypatch) -> Iterator[Callable[[str], Any]]:
    """Return a function that makes a module of a text."""
    path = tmp_path / "written.py"
    monkeypatch.syspath_prepend(tmp_path)

    def make(source: str) -> Any:
        path.write_text("from __future__ import annotations\n" + textwrap.dedent(source))
        return importlib.import_module("written")

    yield make
    sys.modules.pop("written", None)


def test_postponed_annotations_are_evaluated(load):
    module = load(
        """
        import dataclasses, functools
        from typing import Annotated
        from msgspec import Struct
        from gambrel.core.binding.markers import Header, Depends

        class Item(Struct):
            name: str

        @dataclasses.dataclass
        class Paging:
            page: int = 1

        class Plain:
            def __init__(self, q: str): ...

        class Made:
            def __new__(cls, q: int): ...

        class Callable:
            async def __call__(self, item: Item) -> Item: ...

        def handle(item: Item, token: Annotated[str, Header()]) -> list[Item]: ...

        def logged(call):
            @functools.wraps(call)
            def run(*args, **kwargs): ...
            return run

        wrapped = logged(handle)
        partial = functools.partial(handle, token="t")
        """,
    )

    def sources(call: Any) -> dict[str, Any]:
        return {p.name: (p.annotation, p.source) for p in read_signature(call).parameters}

    item = (module.Item, "body")
    assert sources(module.handle) == {"item": item, "token": (str, "header")}
    assert sources(module.wrapped) == sources(module.handle)
    assert sources(module.partial) == {"item": item}
    assert sources(module.Callable()) == {"item": item}
    assert sources(module.Paging) == {"page": (int, "query")}
    assert sources(module.Item) == {"name": (str, "query")}
    assert sources(module.Plain) == {"q": (str, "query")}
    assert sources(module.Made) == {"q": (int, "query")}
    assert read_signature(module.handle).returns == list[module.Item]


# Callables of every kind ----------------------------------------------------------------------


async def coroutine() -> int: ...
async def async_generator() -> AsyncIterator[int]:
    yield 1


def function() -> int: ...
def generator() -> Iterator[int]:
    yield 1


class Handler:
    def __call__(self, q: str) -> str: ...
    async def method(self, q: str) -> str: ...


class AsyncHandler:
    async def __call__(self, q: str) -> str: ...


@functools.wraps(function)
async def made_async() -> int: ...


@functools.wraps(coroutine)
def passes_on() -> Any:
    return coroutine()


@pytest.mark.parametrize(
    ("call", "is_async", "is_generator"),
    [
        (function, False, False),
        (coroutine, True, False),
        (generator, False, True),
        (async_generator, True, True),
        (Handler(), False, False),
        (Handler().method, True, False),
        (AsyncHandler(), True, False),
        (functools.partial(coroutine), True, False),
        (functools.partial(functools.partial(async_generator)), True, True),
        (Mailer, False, False),
        (made_async, True, False),
        (passes_on, True, False),
        (asynccontextmanager(async_generator), True, True),
        (dict, False, False),
    ],
)
def test_the_kind_of_a_callable_is_known(call, is_async, is_generator):
    signature = read_signature(call)

    assert (signature.is_async, signature.is_generator) == (is_async, is_generator)


def test_the_parameters_of_methods_and_callable_objects_leave_self_out():
    assert [p.name for p in read_signature(Handler()).parameters] == ["q"]
    assert [p.name for p in read_signature(Handler().method).parameters] == ["q"]


def test_what_a_partial_was_given_is_no_parameter_any_more():
    def handle(a: int, b: int, *, c: int, d: int): ...

    signature = read_signature(functools.partial(handle, 1, c=3))

    assert [p.name for p in signature.parameters] == ["b", "d"]
    assert "handle" in signature.name
    assert "test_signature.py" in signature.where


def test_positional_only_parameters_are_given_by_name_too():
    def handle(a: int, b: int, /, c: int): ...

    def record(a: int, b: int, /, c: int) -> tuple[int, int, int]:
        return a, b, c

    assert [p.source for p in read_signature(handle).parameters] == ["query"] * 3
    assert read_signature(record).call(c=3, b=2, a=1) == (1, 2, 3)


def test_a_class_makes_itself():
    assert read_signature(Mailer).returns is Mailer
    assert read_signature(Item).returns is Item


def test_the_place_of_a_callable_is_its_declaration():
    assert location_of(current_user).startswith(__file__)
    assert location_of(functools.partial(current_user)) == location_of(current_user)
    assert location_of(Handler()) == location_of(Handler.__call__)
    assert location_of(Mailer).startswith(__file__)
    assert location_of(dict) == "builtins"


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "int"),
        (Item, "Item"),
        (list[Item], "list[Item]"),
        (Item | None, "Item | None"),
        (Sequence[int], "Sequence[int]"),
        (REQUIRED, "..."),
    ],
)
def test_types_are_spelled_as_a_person_would(annotation, text):
    assert spell(annotation) == text
