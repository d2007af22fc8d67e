"""Signatures on a running app: where values come from, and what is told when they are wrong."""

import datetime
import enum
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from gambrel import (
    App,
    Body,
    Cookie,
    Depends,
    Fault,
    File,
    Form,
    GambrelError,
    Header,
    Path,
    Query,
    Unprocessable,
    Upload,
)
from gambrel.conversion.fields import Codec, Email
from gambrel.openapi import OpenAPI
from gambrel.testing import Client


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Filters(msgspec.Struct, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(gt=0, le=100)] = 10
    tags: list[str] = msgspec.field(default_factory=list)


class Tracing(msgspec.Struct):
    x_trace: str
    x_span: int = 0


class Line(msgspec.Struct):
    sku: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    quantity: Annotated[int, msgspec.Meta(ge=1)] = 1


class Card(msgspec.Struct, tag="card"):
    number: str


class Cash(msgspec.Struct, tag="cash"):
    amount: int


class Order(msgspec.Struct, rename="camel"):
    buyer_email: Email
    lines: list[Line]
    payment: Card | Cash
    created_on: datetime.date = msgspec.field(default_factory=lambda: datetime.date(2026, 1, 2))


@dataclass
class Stay:
    arrival: datetime.date
    departure: datetime.date
    guests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.departure <= self.arrival:
            raise ValueError("departure must be after arrival")


class Cart(msgspec.Struct):
    lines: list[Line] = msgspec.field(default_factory=list)

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


class CartShown(msgspec.Struct):
    lines: list[Line]
    quantity: int


class Box(pydantic.BaseModel):
    width: int
    height: Annotated[int, pydantic.Strict()]

    @pydantic.computed_field
    @property
    def area(self) -> int:
        return self.width * self.height


ORDER = {
    "buyerEmail": "ada@example.com",
    "lines": [{"sku": "ABC"}],
    "payment": {"type": "cash", "amount": 3},
}


def test_parameters_come_from_every_part_of_a_request():
    app = App()

    @app.put("/shops/{shop}/items/{item}")
    async def put_item(
        shop: str,
        number: Annotated[int, Path(alias="item")],
        lines: list[Line],
        size: Size = Size.SMALL,
        tags: list[str] = [],  # noqa: B006 - read, never changed
        token: Annotated[str, Header(alias="x-token")] = "",
        flavour: Annotated[Literal["plain", "salt"], Cookie()] = "plain",
        page: Annotated[int, Query(alias="p")] = 1,
    ) -> list[Any]:
        return [shop, number, lines[0].sku, size, tags, token, flavour, page]

    with Client(app, cookies={"flavour": "salt"}) as client:
        answer = client.put(
            "/shops/tea/items/7?size=l&tags=a&tags=b&p=3",
            json=[{"sku": "ABC"}],
            headers={"x-token": "t"},
        )

    assert answer.json() == ["tea", 7, "ABC", "l", ["a", "b"], "t", "salt", 3]


def test_a_form_with_files_is_bound_field_by_field():
    app = App()

    @app.post("/upload")
    async def upload(
        title: Annotated[str, Form()],
        files: Annotated[list[Upload], File(max_size=5, content_types=("text/plain",))],
    ) -> list[Any]:
        return [title, [(f.filename, f.size) for f in files]]

    def send(content: bytes, kind: str = "text/plain") -> Any:
        return client.post(
            "/upload", data={"title": "T"}, files={"files": ("a.txt", content, kind)}
        )

    with Client(app) as client:
        fine, large, other = send(b"12345"), send(b"123456"), send(b"1", "image/png")

    assert fine.json() == ["T", [["a.txt", 5]]]
    assert [e["code"] for e in large.json()["errors"]] == ["size"]
    assert [e["code"] for e in other.json()["errors"]] == ["type"]


def test_a_type_holds_the_parameters_of_one_place():
    app = App()

    @app.get("/things")
    async def things(
        filters: Annotated[Filters, Query()], tracing: Annotated[Tracing, Header()]
    ) -> list[Any]:
        return [filters, tracing]

    with Client(app, headers={"x-trace": "t1"}) as client:
        fine = client.get("/things?limit=5&tags=a&tags=b")
        wrong = client.get("/things?limit=0&more=1")
        del client.headers["x-trace"]
        missing = client.get("/things")

    assert [(e["in"], e["path"]) for e in missing.json()["errors"]] == [("header", "x-trace")]
    assert fine.json() == [{"limit": 5, "tags": ["a", "b"]}, {"x_trace": "t1", "x_span": 0}]
    assert wrong.status_code == 422
    assert {e["path"] for e in wrong.json()["errors"]} == {"limit", "more"}


def test_a_nested_body_with_a_tagged_union_is_bound_and_every_fault_is_told():
    app = App()

    @app.post("/orders")
    async def order(wanted: Order) -> Order:
        return wanted

    bad = {"buyerEmail": "no", "lines": [{"sku": "abc", "quantity": 0}], "payment": {"type": "iou"}}
    with Client(app) as client:
        fine, wrong = client.post("/orders", json=ORDER), client.post("/orders", json=bad)

    assert fine.json()["payment"] == {"type": "cash", "amount": 3}
    assert fine.json()["createdOn"] == "2026-01-02"
    assert wrong.status_code == 422
    assert {(e["in"], e["path"]) for e in wrong.json()["errors"]} == {
        ("body", "buyerEmail"),
        ("body", "lines[0].sku"),
        ("body", "lines[0].quantity"),
        ("body", "payment.type"),
    }


def test_faults_of_several_places_are_told_together():
    app = App()

    @app.post("/orders/{number}")
    async def order(number: int, lines: list[Line], page: int = 1) -> int:
        return number

    with Client(app) as client:
        answer = client.post("/orders/x?page=y", json=[{"sku": 1}])

    assert {(e["in"], e["path"]) for e in answer.json()["errors"]} == {
        ("path", "number"),
        ("query", "page"),
        ("body", "[0].sku"),
    }


def test_two_bodies_are_members_of_one_object():
    app = App()

    @app.post("/")
    async def both(line: Line, card: Annotated[Card, Body(alias="paidBy")]) -> list[Any]:
        return [line.sku, card.number]

    with Client(app) as client:
        answer = client.post("/", json={"line": {"sku": "ABC"}, "paidBy": {"number": "1"}})

    assert answer.json() == ["ABC", "1"]


def test_json_and_files_come_in_one_form():
    app = App(extensions=[OpenAPI()])

    @app.post("/")
    async def scan(
        line: Line, picture: Upload, card: Card | None = None, note: Annotated[str, Form()] = ""
    ) -> list[Any]:
        return [line.sku, picture.size, card and card.number, note]

    files = {"picture": ("roof.png", b"\x89PNG", "image/png")}
    with Client(app) as client:

        def post(line: Any, **data: str) -> Any:
            return client.post("/", files={**files, "line": line}, data=data).json()

        typed = post((None, '{"sku": "ABC"}', "application/json"), note="new")
        blob = post(("blob", '{"sku": "ABC"}', "application/json"), card='{"number": "1"}')
        wrong = post((None, '{"sku": "abc", "quantity": 0}'))
        malformed = post((None, '{"sku": "ABC"}}'))
        missing = client.post("/", files=files).json()
        no_form = client.post("/", json={"line": {"sku": "ABC"}})
        operation = client.get("/openapi.json").json()["paths"]["/"]["post"]

    assert typed == ["ABC", 4, None, "new"]
    assert blob == ["ABC", 4, "1", ""]
    assert [(e["path"], e["pointer"]) for e in wrong["errors"]] == [
        ("line.sku", "/line/sku"),
        ("line.quantity", "/line/quantity"),
    ]
    assert malformed["status"] == 400
    assert [(e["path"], e["code"]) for e in missing["errors"]] == [("line", "missing")]
    assert no_form.status_code == 415
    form = operation["requestBody"]["content"]["multipart/form-data"]
    assert form["encoding"]["line"] == {"contentType": "application/json"}
    assert form["schema"]["required"] == ["picture", "line"]


class Celsius:
    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    __codec__ = Codec(
        encode=lambda self: self.degrees,
        decode=lambda value: Celsius(float(value)),
        schema={"type": "number"},
    )


class Reading(msgspec.Struct):
    at: Celsius


def test_a_type_of_the_users_own_says_how_it_travels():
    app = App(extensions=[OpenAPI()])

    @app.post("/")
    async def read(reading: Reading, most: Celsius) -> Reading:
        return Reading(Celsius(min(reading.at.degrees, most.degrees)))

    with Client(app) as client:
        answer = client.post("/?most=21.5", json={"at": 30})
        wrong = client.post("/?most=x", json={"at": "y"})
        document = client.get("/openapi.json").json()

    assert answer.json() == {"at": 21.5}
    assert {(e["in"], e["path"]) for e in wrong.json()["errors"]} == {
        ("body", "at"),
        ("query", "most"),
    }
    assert document["components"]["schemas"]["Reading"]["properties"] == {"at": {"type": "number"}}


def test_a_rule_across_fields_is_a_fault_of_the_body():
    app = App()

    @app.post("/stays")
    async def book(stay: Stay) -> Stay:
        return stay

    with Client(app) as client:
        answer = client.post("/stays", json={"arrival": "2026-02-02", "departure": "2026-02-01"})

    assert answer.status_code == 422
    assert "departure must be after arrival" in answer.json()["errors"][0]["message"]


def test_a_rule_that_waits_is_a_dependency_that_takes_the_body():
    taken = {"ada@example.com"}
    app = App()

    async def free(order: Order) -> Order:
        if order.buyer_email in taken:
            fault = Fault("body", "buyerEmail", "is taken", "taken")
            raise Unprocessable(faults=[fault])
        return order

    @app.post("/orders")
    async def order(wanted: Annotated[Order, Depends(free)]) -> str:
        return wanted.buyer_email

    with Client(app) as client:
        refused = client.post("/orders", json=ORDER)
        accepted = client.post("/orders", json={**ORDER, "buyerEmail": "bob@example.com"})

    assert [e["code"] for e in refused.json()["errors"]] == ["taken"]
    assert accepted.text == "bob@example.com"


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", " 1", "1_000", "٣"])
def test_a_number_in_a_query_has_one_plain_spelling(text: str):
    app = App()

    @app.get("/")
    async def show(n: float) -> float:
        return n

    with Client(app) as client:
        answer = client.get("/", params={"n": text})

    assert answer.status_code == 422


def test_json_is_strict_and_text_is_lenient():
    app = App()

    @app.post("/")
    async def show(line: Line, n: int) -> int:
        return n

    with Client(app) as client:
        fine = client.post("/?n=2", json={"sku": "ABC", "quantity": 2})
        strict = client.post("/?n=2", json={"sku": "ABC", "quantity": "2"})

    assert fine.json() == 2
    assert [e["path"] for e in strict.json()["errors"]] == ["quantity"]


def test_a_pydantic_model_brings_its_own_strictness_field_by_field():
    app = App()

    @app.post("/")
    async def show(box: Box) -> Box:
        return box

    with Client(app) as client:
        lenient = client.post("/", json={"width": "2", "height": 3})
        strict = client.post("/", json={"width": "2", "height": "3"})

    assert lenient.json() == {"width": 2, "height": 3, "area": 6}
    assert [e["path"] for e in strict.json()["errors"]] == ["height"]


def test_what_a_class_computes_is_a_field_of_the_declared_type():
    app = App(extensions=[OpenAPI()])

    @app.post("/", returns=CartShown)
    async def show(cart: Cart) -> Any:
        return cart

    with Client(app) as client:
        answer = client.post("/", json={"lines": [{"sku": "ABC", "quantity": 2}, {"sku": "DEF"}]})
        document = client.get("/openapi.json").json()

    assert answer.json()["quantity"] == 3
    described = document["components"]["schemas"]["CartShown"]
    assert described["properties"]["quantity"] == {"type": "integer"}


def test_a_picture_that_is_none_is_refused_whatever_it_is_called():
    app = App()

    @app.post("/picture")
    async def keep(
        picture: Annotated[Upload, File(content_types=("image/png", "image/gif"))],
    ) -> str:
        return picture.content_type

    def send(client: Client, content: bytes, content_type: str) -> Any:
        return client.post("/picture", files={"picture": ("a.png", content, content_type)})

    with Client(app) as client:
        gif = send(client, b"GIF89a...", "image/gif")
        script = send(client, b"<script>", "image/png")
        other = send(client, b"%PDF-1.7", "application/pdf")

    assert gif.text == "image/gif"
    assert [fault["message"] for fault in script.json()["errors"]] == ["is no image/png"]
    assert other.status_code == 422


class Limited(msgspec.Struct):
    size: Annotated[int, msgspec.Meta(min_length=3)]


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, msgspec.Meta(ge=3)],
        Annotated[int, msgspec.Meta(min_length=3)],
        Annotated[Limited, Query()],
    ],
)
def test_a_rule_that_is_not_for_its_type_is_refused_at_start_up(annotation):
    async def show(value): ...

    show.__annotations__["value"] = annotation
    app = App()
    app.get("/")(show)

    with pytest.raises(GambrelError, match="of Meta is for") as caught:
        app.build()
    assert caught.value.code == "binding.unsupported-type"
    assert "parameter 'value' of " in caught.value.what
    assert "test_binding.py:" in caught.value.where
