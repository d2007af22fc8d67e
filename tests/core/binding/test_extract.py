import enum
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pydantic
import pytest

from gambrel.core.app.app import App
from gambrel.core.binding.markers import Body, Cookie, File, Form, Header, Query
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.query import QueryParams
from gambrel.core.http.request import Request, State
from gambrel.core.http.response import Response
from tests.core.harness import MULTIPART, Answer, ask

UUID_TEXT = "0e1a2b3c-0000-4000-8000-000000000000"


class Colour(enum.Enum):
    RED = "red"


class Item(msgspec.Struct):
    name: str
    size: int = 1


class Page(msgspec.Struct, rename={"size": "page-size"}):
    number: int = 1
    size: int = 10
    tags: list[str] = []


class Model(pydantic.BaseModel):
    name: str


def asked(
    annotation: Any, *rest: Any, default: Any = ..., path: str = "/", **content: Any
) -> Answer:
    """Ask an app whose handler shows the `value` it was given."""
    namespace = {"annotation": annotation, "default": default}
    text = f"async def handle(value: annotation{'' if default is ... else ' = default'}):"
    exec(text + " return {'value': value}", namespace)
    app = App()
    app.add(path, namespace["handle"], ["GET", "POST"])
    return ask(app, *rest, **content)


def value(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return answer.json()["value"]


# Path and query -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (int, "42", 42),
        (str, "caf%C3%A9", "café"),
        (UUID, UUID_TEXT, UUID_TEXT),
        (date, "2024-02-29", "2024-02-29"),
        (Colour, "red", "red"),
        (bool, "on", True),
        (int | None, "7", 7),
    ],
)
def test_a_path_parameter_is_of_its_type(annotation, text, expected):
    assert value(asked(annotation, "GET", f"/{text}", path="/{value}")) == expected


def test_a_bad_path_parameter_is_a_fault():
    answer = asked(int, "GET", "/x", path="/{value}")

    assert (answer.status, answer.faults) == (422, [("path", "value", "type")])


def test_what_a_converter_has_made_of_a_path_parameter_is_passed_on():
    assert value(asked(int, "GET", "/42", path="/{value:int}")) == 42
    assert asked(int, "GET", "/x", path="/{value:int}").status == 404
    assert value(asked(UUID, "GET", f"/{UUID_TEXT}", path="/{value:uuid}")) == UUID_TEXT


def test_what_a_converter_has_made_of_a_path_parameter_keeps_the_rules_of_its_type():
    few = Annotated[int, msgspec.Meta(le=10)]

    assert value(asked(few, "GET", "/10", path="/{value:int}")) == 10
    answer = asked(few, "GET", "/11", path="/{value:int}")
    assert (answer.status, answer.faults) == (422, [("path", "value", "range")])


@pytest.mark.parametrize(
    ("annotation", "query", "expected"),
    [
        (int, "value=5", 5),
        (float, "value=1e3", 1000.0),
        (bool, "value=off", False),
        (str, "value=", ""),
        (str, "value=a+b%26", "a b&"),
        (Colour | None, "value=red", "red"),
        (list[int], "value=1&value=2", [1, 2]),
        (list[int], "value=1", [1]),
        (list[str], "value=", [""]),
        (tuple[int, str], "value=1&value=a", [1, "a"]),
        (Annotated[list[int], Query(alias="v[]")], "v%5B%5D=1&v%5B%5D=2", [1, 2]),
        (Annotated[int, Query(alias="n")], "n=3&value=4", 3),
    ],
)
def test_a_query_parameter_is_of_its_type(annotation, query, expected):
    assert value(asked(annotation, "GET", f"/?{query}")) == expected


@pytest.mark.parametrize(
    ("annotation", "query", "fault"),
    [
        (int, "", ("query", "value", "missing")),
        (int | None, "", ("query", "value", "missing")),
        (int, "value=", ("query", "value", "type")),
        (int | None, "value=", ("query", "value", "type")),
        (int, "value=1&value=2", ("query", "value", "duplicate")),
        (str, "value=1&value=2", ("query", "value", "duplicate")),
        (float, "value=nan", ("query", "value", "type")),
        (list[int], "value=1&value=x", ("query", "value[1]", "type")),
        (list[int], "", ("query", "value", "missing")),
        (Annotated[int, msgspec.Meta(ge=3)], "value=2", ("query", "value", "range")),
        (Annotated[str, msgspec.Meta(max_length=1)], "value=ab", ("query", "value", "length")),
        (Annotated[int, Query(alias="n")], "n=x", ("query", "n", "type")),
    ],
)
def test_a_bad_query_parameter_is_a_fault(annotation, query, fault):
    answer = asked(annotation, "GET", f"/?{query}")

    assert (answer.status, answer.faults) == (422, [fault])


@pytest.mark.parametrize("default", [None, 3])
def test_an_absent_parameter_is_its_default(default):
    assert value(asked(int | None, default=default)) == default
    assert value(asked(Annotated[int | None, Header()], default=default)) == default
    assert value(asked(Annotated[int | None, Cookie()], default=default)) == default


def test_no_request_sees_what_another_has_put_into_a_default():
    async def handle(tags: list[str] = []) -> list[str]:  # noqa: B006 - as people write it
        tags.append("mine")
        return tags

    app = App()
    app.add("/", handle)

    assert ask(app).json() == ask(app).json() == ["mine"]


def test_a_struct_is_read_from_the_query_field_by_field():
    assert value(
        asked(Annotated[Page, Query()], "GET", "/?number=2&page-size=5&tags=a&tags=b")
    ) == {
        "number": 2,
        "page-size": 5,
        "tags": ["a", "b"],
    }
    assert value(asked(Annotated[Model, Query()], "GET", "/?name=a")) == {"name": "a"}
    assert value(asked(Annotated[Item | None, Query()])) is None

    faults = asked(Annotated[Page, Query()], "GET", "/?number=x&page-size=y").faults
    assert faults == [("query", "number", "type"), ("query", "page-size", "type")]


# Headers and cookies --------------------------------------------------------------------------


def test_a_header_is_read_by_its_name_or_alias():
    headers = {"X-Token": UUID_TEXT, "Accept-Language": "de, en"}

    assert (
        value(asked(Annotated[str, Header(alias="Accept-Language")], "GET", "/", headers))
        == "de, en"
    )
    assert value(asked(Annotated[UUID, Header(alias="x-token")], "GET", "/", headers)) == UUID_TEXT
    assert asked(Annotated[int, Header()], "GET", "/").faults == [("header", "value", "missing")]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["3", "4"], [3, 4]),
        (["3, 4,,"], [3, 4]),
        (["3 ,4", "5"], [3, 4, 5]),
        ([""], []),
        ([], None),
    ],
)
def test_a_list_in_a_header_has_commas_or_lines(lines, wanted):
    headers = [("x-size", line) for line in lines]

    kind = Annotated[list[int] | None, Header(alias="X-Size")]

    assert value(asked(kind, "GET", "/", headers, default=None)) == wanted


def test_a_struct_is_read_from_headers_and_cookies():
    class Tracing(msgspec.Struct):
        x_trace: str
        sample: int = 0
        x_tags: list[str] = []

    headers = {"x-trace": "t", "sample": "3", "x-tags": "a, b", "cookie": "name=ann; size=3"}

    assert value(asked(Annotated[Tracing, Header()], "GET", "/", headers)) == {
        "x_trace": "t",
        "sample": 3,
        "x_tags": ["a", "b"],
    }
    assert value(asked(Annotated[Item, Cookie()], "GET", "/", headers)) == {
        "name": "ann",
        "size": 3,
    }
    assert asked(Annotated[Item, Cookie()], "GET", "/").faults == [("cookie", "name", "missing")]


# Bodies ---------------------------------------------------------------------------------------

PACKED = msgspec.msgpack.encode({"name": "a"})


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"name":"a"}'),
        ("application/json; charset=utf-8", b'{"name":"a"}'),
        ("APPLICATION/JSON", b'{"name":"a"}'),
        ("application/vnd.api+json", b'{"name":"a"}'),
        ("application/msgpack", PACKED),
        ("application/x-msgpack", PACKED),
    ],
)
def test_a_struct_is_read_from_the_body_by_its_media_type(media_type, body):
    answer = asked(Item, "POST", "/", {"content-type": media_type}, body=body)

    assert value(answer) == {"name": "a", "size": 1}


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("text/plain", b"a", 415),
        ("", b'{"name":"a"}', 415),
        ("", b"", 415),
        ("application/json", b"", 400),
        ("application/json", b"{", 400),
        ("application/json", b'{"name":"\xff"}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/msgpack", b"\xc1", 400),
        ("application/json", b"[]", 422),
        ("application/json", b"null", 422),
        ("application/x-www-form-urlencoded", b"name=a", 415),
        ("multipart/form-data", b"", 415),
        (
            MULTIPART,
            b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n--B--\r\n',
            415,
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_told_apart_from_one_that_is_not_valid(
    media_type, body, status
):
    answer = asked(Item, "POST", "/", {"content-type": media_type} if media_type else {}, body=body)

    assert answer.status == status
    if status == 415:
        assert answer.header("accept").startswith("application/json, application/msgpack")


@pytest.mark.parametrize("headers", [{}, {"content-type": "application/json"}])
def test_an_optional_body_may_be_left_out(headers):
    assert value(asked(Item | None, "POST", "/", headers, default=None)) is None
    assert (
        asked(
            Item | None, "POST", "/", {"content-type": "text/plain"}, body=b"a", default=None
        ).status
        == 415
    )


def test_a_pinned_media_type_is_the_only_one_taken():
    pinned = Annotated[Item, Body(media_type="application/merge-patch+json")]
    raw = Annotated[bytes, Body(media_type="image/png")]
    ok = {"content-type": "application/merge-patch+json"}

    assert value(asked(pinned, "POST", "/", ok, body=b'{"name":"a"}')) == {"name": "a", "size": 1}
    refused = asked(pinned, "POST", json={"name": "a"})
    assert (refused.status, refused.header("accept")) == (415, "application/merge-patch+json")
    assert asked(raw, "POST", json={}).status == 415


@pytest.mark.parametrize(
    "annotation", [dict[str, Any], Any, dict, list[Item] | dict[str, str]], ids=str
)
def test_open_types_take_any_json_of_their_kind(annotation):
    assert value(asked(annotation, "POST", json={"name": "a"})) == {"name": "a"}


def test_several_bodies_are_members_of_one_object_by_name_or_alias():
    async def handle(
        item: Item,
        user: Annotated[dict[str, str], Body(alias="who")],
        count: Annotated[int, Body()] = 2,
        tags: Annotated[list[str], Body()] = [],  # noqa: B006
    ) -> list[Any]:
        tags.append("mine")
        return [item, user, count, tags]

    app = App()
    app.add("/", handle, ["POST"])

    whole = ask(app, "POST", json={"item": {"name": "a"}, "who": {"b": "c"}})
    bad = ask(app, "POST", json={"item": {"name": 1}, "count": "x"})
    assert whole.json() == [{"name": "a", "size": 1}, {"b": "c"}, 2, ["mine"]]
    assert bad.faults == [
        ("body", "item.name", "type"),
        ("body", "who", "missing"),
        ("body", "count", "type"),
    ]


def test_several_optional_bodies_may_all_be_left_out():
    async def handle(item: Item | None = None, count: Annotated[int, Body()] = 2) -> list[Any]:
        return [item, count]

    app = App()
    app.add("/", handle, ["POST"])

    assert ask(app, "POST").json() == [None, 2]
    assert ask(app, "POST", json={"count": 3}).json() == [None, 3]


# Forms and files ------------------------------------------------------------------------------


def part(name: str, content: bytes, filename: str = "", media_type: str = "") -> bytes:
    head = f'--B\r\nContent-Disposition: form-data; name="{name}"'
    head += f'; filename="{filename}"' if filename else ""
    head += f"\r\nContent-Type: {media_type}" if media_type else ""
    return head.encode() + b"\r\n\r\n" + content + b"\r\n"


def posted(handler: Callable[..., Any], *parts: bytes) -> Answer:
    app = App()
    app.add("/", handler, ["POST"])
    return ask(app, "POST", "/", {"content-type": MULTIPART}, body=b"".join(parts) + b"--B--\r\n")


def test_form_fields_are_bound_one_by_one():
    form = {"value": "3"}

    assert value(asked(Annotated[int, Form()], "POST", form=form)) == 3
    assert value(asked(Annotated[list[int], Form()], "POST", form={"value": ["1", "2"]})) == [1, 2]
    assert asked(Annotated[int, Form()], "POST", form={"value": "x"}).faults == [
        ("form", "value", "type")
    ]
    assert asked(Annotated[int, Form()], "POST", json={"value": 3}).status == 415


def test_a_struct_is_read_from_a_form_as_html_sends_it():
    class Settings(msgspec.Struct):
        name: str
        size: int | None = None
        loud: bool = False

    form = {"name": "ann", "size": "", "loud": "on"}

    assert value(asked(Annotated[Settings, Form()], "POST", form=form)) == {
        "name": "ann",
        "size": None,
        "loud": True,
    }


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"name=a&size=", 200),
        (
            MULTIPART,
            b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n--B--\r\n',
            200,
        ),
        ("application/x-www-form-urlencoded", b"name=%FF", 400),
        ("multipart/form-data", b"", 400),
        (MULTIPART, b"--B", 400),
        ("application/json", b'{"name":"a"}', 415),
    ],
)
def test_only_what_is_marked_as_a_form_is_read_from_forms(media_type, body, status):
    headers = {"content-type": media_type}

    answer = asked(Annotated[Item, Form()], "POST", "/", headers, body=body)

    assert answer.status == status


def test_uploads_are_bound_beside_fields():
    async def handle(
        file: Upload, more: list[Upload], note: Annotated[str, Form()], last: Upload | None = None
    ) -> list[Any]:
        return [file.filename, [upload.size for upload in more], note, last]

    answer = posted(
        handle,
        part("file", b"a", "a.txt"),
        part("more", b"bb", "b"),
        part("more", b"ccc", "c"),
        part("note", b"hi"),
    )

    assert answer.json() == ["a.txt", [2, 3], "hi", None]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((), "missing"),
        ((part("file", b"text"),), "missing"),
        ((part("file", b"\x89PNG\r\n\x1a\n", "a.png", "image/png"),), "size"),
        ((part("file", b"1", "a.txt", "text/plain"),), "type"),
        ((part("file", b"1", "a.png", "image/png"),), "type"),
        ((part("file", b"GIF89a", "a", "image/gif"),) * 2, "duplicate"),
    ],
)
def test_a_file_that_does_not_fit_is_a_fault_of_the_form(parts, code):
    async def handle(
        file: Annotated[Upload, File(max_size=6, content_types=("image/png", "image/gif"))],
    ) -> str:
        return "taken"

    assert posted(handle, *parts).faults == [("form", "file", code)]
    assert posted(handle, part("file", b"GIF89a", "a", "image/gif")).body == b"taken"


# The framework's own --------------------------------------------------------------------------


def test_the_request_and_its_parts_are_injected():
    async def handle(
        request: Request,
        headers: Headers,
        query: QueryParams,
        state: State,
        response: Response,
        fields: ResponseHeaders,
        maybe: Request | None,
    ) -> list[bool]:
        return [
            headers is request.headers,
            query is request.query,
            state is request.state,
            response is request.draft,
            fields is response.headers,
            maybe is request,
        ]

    app = App()
    app.add("/", handle)

    assert ask(app).json() == [True] * 6
