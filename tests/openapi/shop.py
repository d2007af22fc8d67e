"""A small shop, described: what the tests of the document and of its page have in common."""

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

import msgspec

from gambrel.openapi import schemes
from gambrel.openapi.options import Document, Example, Selection, Server, Tag, Webhook
from gambrel.operations import BodyInfo, Operation, ParamInfo, ResponseInfo

Price = Annotated[decimal.Decimal, msgspec.Meta(description="In euros, two decimals.")]


class Roast(enum.Enum):
    light = "light"
    medium = "medium"
    dark = "dark"


class Address(msgspec.Struct):
    """Where an order goes."""

    street: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    city: str
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$", examples=["DE"])]
    notes: str | None = None


class Card(msgspec.Struct, tag="card"):
    """Payment by card."""

    number: Annotated[str, msgspec.Meta(pattern=r"^\d{12,19}$", examples=["4242424242424242"])]
    name: str


class Transfer(msgspec.Struct, tag="transfer"):
    """Payment by bank transfer."""

    iban: str


class Line(msgspec.Struct):
    """One position of an order."""

    sku: Annotated[str, msgspec.Meta(description="The article.", examples=["HOUSE-250"])]
    qty: Annotated[int, msgspec.Meta(ge=1, le=99)] = 1


class NewOrder(msgspec.Struct):
    """An order as a customer places it."""

    lines: Annotated[list[Line], msgspec.Meta(min_length=1)]
    ship_to: Address
    payment: Card | Transfer
    wanted_on: datetime.date | None = None
    gift: bool = False


class Order(NewOrder, kw_only=True):
    """An order as the shop keeps it."""

    id: uuid.UUID
    state: Literal["open", "paid", "sent"]
    total: Price
    placed_at: Annotated[datetime.datetime, msgspec.Meta(tz=True)]


class Bean(msgspec.Struct):
    """A coffee."""

    sku: str
    name: str
    roast: Roast
    price: Price
    blend_of: list["Bean"] = []


def param(name: str, location: Any, annotation: Any, **more: Any) -> ParamInfo:
    """Return a parameter whose name on the wire is its name in Python, unless `alias` is given."""
    return ParamInfo(name, more.pop("alias", name), location, annotation, **more)


def operation(method: str = "GET", path: str = "/things", name: str = "things", **more: Any) -> Any:
    """Return an operation with a plain answer."""
    more.setdefault("responses", {200: ResponseInfo(200, annotation=str)})
    return Operation(method, path, name, **more)


def shop_operations() -> list[Operation]:
    """Return the operations of the shop."""
    signed_in = [{"bearer": []}]
    order_id = param("order_id", "path", uuid.UUID, description="The order's id.")
    missing = ResponseInfo(404, "There is no such order.")
    return [
        operation(
            path="/beans",
            name="list_beans",
            tags=("Catalogue",),
            description="All coffees on sale, newest first.\n\n"
            "Filter by `roast`, and page with `after`. **Prices** include VAT.\n\n"
            "- results are *stable* while you page\n- see the [guide](https://example.com/paging)",
            params=[
                param(
                    "roast",
                    "query",
                    list[Roast],
                    required=False,
                    description="Only these roasts.",
                ),
                param("after", "query", str | None, required=False, description="A page's `next`."),
                param(
                    "limit",
                    "query",
                    Annotated[int, msgspec.Meta(ge=1, le=100)],
                    required=False,
                    default=20,
                    description="How many at most.",
                ),
                param(
                    "accept_language",
                    "header",
                    str,
                    alias="Accept-Language",
                    required=False,
                    examples=("de", "en"),
                ),
                param("sort", "query", str, required=False, deprecated=True),
            ],
            responses={
                200: ResponseInfo(
                    200,
                    "One page of coffees.",
                    list[Bean],
                    ("application/json", "application/msgpack"),
                    {"X-Next": str},
                )
            },
        ),
        operation(
            path="/beans/{sku}",
            name="get_bean",
            tags=("Catalogue",),
            params=[param("sku", "path", str, description="The article.")],
            responses={
                200: ResponseInfo(200, annotation=Bean),
                404: ResponseInfo(404, "There is no such coffee."),
            },
        ),
        operation(
            "PUT",
            "/beans/{sku}/photo",
            "set_photo",
            tags=("Catalogue",),
            params=[param("sku", "path", str)],
            body=BodyInfo(
                None,
                ("multipart/form-data",),
                fields=[
                    param("photo", "file", bytes, description="A JPEG or PNG."),
                    param("caption", "form", str, required=False, default=""),
                ],
            ),
            responses={204: ResponseInfo(204, "The photo is kept.")},
            security=signed_in,
        ),
        operation(
            "POST",
            "/orders",
            "place_order",
            tags=("Orders",),
            summary="Place an order",
            description="Reserve the coffees and take the payment.",
            params=[
                param(
                    "idempotency_key",
                    "header",
                    uuid.UUID,
                    alias="Idempotency-Key",
                    required=False,
                    description="Send the same key again to be safe from ordering twice.",
                )
            ],
            body=BodyInfo(
                NewOrder,
                ("application/json",),
                examples=(
                    Example(
                        {
                            "lines": [{"sku": "HOUSE-250", "qty": 2}],
                            "ship_to": {"street": "Roof 1", "city": "Halle", "country": "DE"},
                            "payment": {"type": "transfer", "iban": "DE02120300000000202051"},
                        },
                        "transfer",
                        "Two bags by bank transfer",
                    ),
                ),
            ),
            responses={
                201: ResponseInfo(201, "The order.", Order, headers={"Location": str}),
                409: ResponseInfo(409, "A coffee is sold out."),
            },
            security=signed_in,
            extra={
                "callbacks": {"sent": {"{$request.body#/notify}": Webhook(Order, "It left us")}}
            },
        ),
        operation(
            path="/orders/{order_id}",
            name="get_order",
            tags=("Orders",),
            params=[order_id],
            responses={200: ResponseInfo(200, annotation=Order), 404: missing},
            security=signed_in,
        ),
        operation(
            "DELETE",
            "/orders/{id}",
            "cancel_order",
            tags=("Orders",),
            params=[param("id", "path", uuid.UUID)],
            responses={204: ResponseInfo(204, "The order is cancelled."), 404: missing},
            security=[{"bearer": ["orders:write"]}],
            deprecated=True,
        ),
        operation(
            path="/orders/by-number/{number}",
            name="get_order_by_number",
            tags=("Orders",),
            params=[param("number", "path", int, converter="int")],
            responses={200: ResponseInfo(200, annotation=Order)},
            security=[{"bearer": []}, {"key": []}],
        ),
        operation(path="/health", name="health", description="Are we up?"),
        operation(path="/internal", name="internal", hidden=True),
        operation(
            "QUERY",
            "/beans",
            "search_beans",
            tags=("Catalogue",),
            body=BodyInfo(dict[str, Any]),
            responses={200: ResponseInfo(200, annotation=list[Bean])},
        ),
    ]


def shop_document(**more: Any) -> Document:
    """Return what the shop says about its document."""
    given: dict[str, Any] = {
        "title": "Ridgepole Coffee",
        "version": "2026.11",
        "summary": "Order coffee like a grown-up.",
        "description": "The public interface of a *small* shop.\n\n"
        "```\ncurl https://shop.example/beans\n```\n\n"
        "Amounts are strings, so that no cent is lost.",
        "contact": {"name": "Support", "email": "support@example.com"},
        "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        "servers": [Server("/", "This server")],
        "tags": [
            Tag("Orders", "Place orders and follow them."),
            Tag("Catalogue", "What there is to drink."),
        ],
        "security_schemes": {
            "bearer": schemes.bearer("JWT", "A token from *your account*."),
            "key": schemes.api_key("X-API-Key"),
            "login": schemes.basic(),
        },
        "webhooks": {"order.paid": Webhook(Order, description="Sent once per order.")},
        "only": Selection(),
    }
    return Document(**{**given, **more})
