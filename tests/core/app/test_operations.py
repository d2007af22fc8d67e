from collections.abc import AsyncIterator, Callable, Iterable
from typing import Annotated, Any, ClassVar

import msgspec
import pytest

from gambrel.core.app.app import App
from gambrel.core.binding.markers import Body, Cookie, Depends, File, Form, Header, Query
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.request import Request
from gambrel.core.http.response import HTML, Redirect, Response
from gambrel.operations import Operation, ResponseInfo


class Item(msgspec.Struct):
    name: str


class Ticks(Response):
    media_type = "application/ticks"


class Tick(msgspec.Struct):
    sent_as: ClassVar = Ticks


class Paging(msgspec.Struct):
    page: Annotated[int, msgspec.Meta(ge=1)] = 1


class Search(Paging, rename={"words": "q"}):
    words: list[str] = []
    x_odd: str = ""


def described(handler: Callable[..., Any], path: str = "/", **options: Any) -> Operation:
    app = App()
    app.add(path, handler, options.pop("methods", ["POST"]), **options)
    return app.operations()[0]


def params(operation: Operation) -> list[tuple[str, str, Any, bool]]:
    return [(p.location, p.alias, p.annotation, p.required) for p in operation.params]


def test_each_method_of_a_route_is_an_operation():
    async def handle() -> None: ...

    app = App()
    app.add("/items/{id:int}", handle, ["GET", "PUT"], name="item", tags=["a"], hidden=True)

    one, other = app.operations()
    assert [(o.method, o.path, o.name, o.tags, o.hidden) for o in (one, other)] == [
        ("GET", "/items/{id}", "item", ("a",), True),
        ("PUT", "/items/{id}", "item", ("a",), True),
    ]
    assert "test_operations.py" in one.where


def test_the_first_paragraph_of_a_docstring_is_the_summary():
    async def handle() -> None:
        """Show
        items.

        All of them.
        """

    operation = described(handle)

    assert (operation.summary, operation.description) == ("Show items.", "All of them.")
    assert described(handle, summary="Other").summary == "Other"


def test_parameters_tell_their_place_type_and_default():
    async def handle(
        key: int,
        q: str,
        tags: list[str] | None = None,
        token: Annotated[str, Header(alias="X-Token", description="who", deprecated=True)] = "t",
        theme: Annotated[str, Cookie(examples=("dark",))] = "light",
        request: Request = None,
    ) -> None: ...

    operation = described(handle, "/{key}")

    assert params(operation) == [
        ("path", "key", int, True),
        ("query", "q", str, True),
        ("query", "tags", list[str] | None, False),
        ("header", "x-token", str, False),
        ("cookie", "theme", str, False),
    ]
    tags, token, theme = operation.params[2:]
    assert (tags.explode, tags.default) == (True, None)
    assert (token.description, token.deprecated, token.default) == ("who", True, "t")
    assert theme.examples == ("dark",)


def test_a_struct_in_the_query_is_told_field_by_field_with_what_it_inherits():
    async def handle(search: Annotated[Search, Query()]) -> None: ...

    operation = described(handle)

    assert params(operation) == [
        ("query", "page", Annotated[int, msgspec.Meta(ge=1)], False),
        ("query", "q", list[str], False),
        ("query", "x_odd", str, False),
    ]
    assert [p.default for p in operation.params] == [1, [], ""]
    assert [p.explode for p in operation.params] == [False, True, False]


def test_fields_of_a_struct_in_headers_have_dashes():
    async def handle(search: Annotated[Search, Header()]) -> None: ...

    assert [p.alias for p in described(handle).params] == ["page", "q", "x-odd"]


def test_path_parameters_that_nobody_takes_are_told_too():
    async def handle() -> None: ...

    operation = described(handle, "/{id:int}/{slug}")

    assert params(operation) == [("path", "id", str, True), ("path", "slug", str, True)]
    assert [p.converter for p in operation.params] == ["int", None]


def test_inputs_of_dependencies_follow_those_of_the_handler_and_are_told_once():
    def paging(page: int = 1, q: str = "") -> int: ...
    async def handle(q: str, paging: Annotated[int, Depends(paging)], last: int = 3) -> None: ...

    assert [p.alias for p in described(handle).params] == ["q", "last", "page"]


def test_a_dependency_that_can_describe_things_of_its_own_is_left_alone():
    class Catalogue:
        takes_files = True

        def describe(self, product: str, price: float) -> str:
            return f"{product}: {price}"

    async def handle(catalogue: Annotated[Catalogue, Depends(Catalogue)]) -> None: ...

    assert described(handle).summary == ""


# Bodies ---------------------------------------------------------------------------------------


def test_a_hidden_parameter_is_read_and_not_told():
    def of_staff(trace: Annotated[str, Header(hidden=True)] = "") -> str:
        return trace

    async def handle(
        q: str,
        debug: Annotated[bool, Query(hidden=True)] = False,
        trace: Annotated[str, Depends(of_staff)] = "",
    ) -> None: ...

    assert [p.alias for p in described(handle).params] == ["q"]


def test_a_body_tells_its_type_and_media_types():
    async def handle(item: Item) -> None: ...
    async def pinned(
        item: Annotated[Item | None, Body(media_type="a/b", description="d")] = None,
    ) -> None: ...

    body, other = described(handle).body, described(pinned).body

    assert (body.annotation, body.required) == (Item, True)
    assert body.media_types[:2] == ("application/json", "application/msgpack")
    assert (other.media_types, other.required, other.description) == (("a/b",), False, "d")


def test_several_bodies_are_the_fields_of_one_and_raw_bytes_are_beside_them():
    async def handle(
        item: Item, raw: Annotated[bytes, Body()], n: Annotated[int, Body(alias="count")] = 1
    ) -> None: ...
    async def raw(content: Annotated[bytes, Body()]) -> None: ...

    body = described(handle).body

    assert [(f.alias, f.annotation, f.required) for f in body.fields] == [
        ("item", Item, True),
        ("count", int, False),
    ]
    assert (body.annotation, body.required) == (None, True)
    assert described(raw).body.annotation is bytes


def test_a_form_tells_its_fields_and_is_multipart_with_files():
    async def form(search: Annotated[Search, Form()], note: Annotated[str, Form()]) -> None: ...
    async def upload(
        file: Annotated[Upload, File()], note: Annotated[str, Form()] = ""
    ) -> None: ...

    fields, files = described(form).body, described(upload).body

    assert [f.alias for f in fields.fields] == ["page", "q", "x_odd", "note"]
    assert fields.media_types == ("application/x-www-form-urlencoded", "multipart/form-data")
    assert [(f.alias, f.location) for f in files.fields] == [("file", "file"), ("note", "form")]
    assert files.media_types == ("multipart/form-data",)


def test_a_handler_without_a_body_has_none():
    async def handle(q: int) -> None: ...

    assert described(handle).body is None


# Responses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("returns", "status", "annotation", "media_type"),
    [
        (Item, 200, Item, "application/json application/msgpack"),
        (list[Item], 200, list[Item], "application/json application/msgpack"),
        (Item | None, 200, Item | None, "application/json application/msgpack"),
        (Item | Redirect, 200, Item, "application/json application/msgpack"),
        (Iterable[Item], 200, list[Item], "application/json application/msgpack"),
        (str, 200, str, "text/plain"),
        (bytes, 200, bytes, "application/octet-stream"),
        (HTML, 200, None, "text/html"),
        (AsyncIterator[Item], 200, Item, "application/jsonl"),
        (AsyncIterator[str], 200, None, "text/plain"),
        (AsyncIterator[Tick], 200, None, "application/ticks"),
        (type(None), 204, None, "application/json"),
    ],
    ids=str,
)
def test_the_response_is_that_of_the_declared_type(returns, status, annotation, media_type):
    async def handle(): ...

    handle.__annotations__["return"] = returns

    response, *others = described(handle).responses.values()
    assert (response.status, response.annotation, response.media_types) == (
        status,
        annotation,
        tuple(media_type.split()),
    )
    assert [other.status for other in others] == ([0] if returns is HTML else [])


def test_what_returns_any_response_says_no_media_type():
    async def handle() -> Response: ...

    assert list(described(handle).responses) == [0]
    assert described(handle, responses={200: "Well."}).responses[200].media_types == ()
    assert list(described(handle, responses={200: "Well."}).responses) == [200]


def test_a_route_declares_further_responses_by_type_text_or_in_full():
    async def handle() -> Item: ...

    responses = described(
        handle,
        status=201,
        responses={404: "Nothing there", "409": Item, 410: ResponseInfo(410, "Gone for good")},
    ).responses

    assert [(s, r.description, r.annotation) for s, r in responses.items()] == [
        (201, "Created", Item),
        (404, "Nothing there", None),
        (409, "Conflict", Item),
        (410, "Gone for good", None),
    ]


def test_words_for_a_response_keep_its_type():
    async def handle() -> Item: ...

    [response] = described(handle, responses={200: "The item."}).responses.values()

    assert (response.description, response.annotation) == ("The item.", Item)


def test_redirects_elsewhere_have_no_operation():
    app = App()
    app.external("docs", "https://example.com/{page}")

    assert app.operations() == []


def test_the_types_a_file_may_have_are_described():
    app = App()

    @app.post("/")
    async def send(file: Annotated[Upload, File(content_types=("image/png",))]) -> str:
        return file.filename

    [operation] = app.operations()

    assert operation.body.fields[0].content_types == ("image/png",)


def test_what_may_become_of_a_response_is_described():
    class Late(Response):
        media_type = "*/*"
        becomes: ClassVar[dict[int, str]] = {304: "The client has it."}

    app = App()

    @app.get("/")
    async def guide() -> Late | HTML:
        return Late()

    [operation] = app.operations()

    assert operation.responses[200].media_types == ("*/*", "text/html")
    assert operation.responses[304].description == "The client has it."
