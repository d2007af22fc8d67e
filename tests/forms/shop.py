"""A class with every kind of field, and its forms."""

import datetime as dt
import enum
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from gambrel import Upload
from gambrel.core.http.bodies.forms import FormData
from gambrel.forms import HTMLForm, field
from gambrel.forms.extension import define


class Colour(enum.Enum):
    RED = "r"
    DARK_BLUE = "b"


class Address(Struct):
    street: str
    city: Annotated[str, Meta(max_length=10)]


class Line(Struct):
    sku: Annotated[str, Meta(pattern=r"^[A-Z]+$")]
    quantity: Annotated[int, Meta(ge=1, le=9)]


class Order(Struct):
    name: Annotated[str, Meta(min_length=2, max_length=80)]
    address: Address
    lines: list[Line]
    colour: Colour
    tags: list[Colour]
    notes: list[str]
    email: Annotated[str, field("E-mail", help="For the receipt.", widget="email")] = ""
    day: dt.date | None = None
    price: Decimal | None = None
    size: Annotated[Literal["s", "m"], field(widget="radio")] = "m"
    country: Annotated[str, field(choices={"de": "Germany", "fr": "France"})] = "de"
    photo: Upload | None = None
    other: Address | None = None
    news: bool = True


GOOD = {
    "name": "Ann",
    "address.street": "Main",
    "address.city": "Ulm",
    "lines.0.sku": "TEA",
    "lines.0.quantity": "2",
    "colour": "b",
    "news": "on",
}


def form_of(kind: Any = Order) -> HTMLForm[Any]:
    """Return a form that was not sent."""
    return HTMLForm(define(kind))


def sent(*pairs: tuple[str, Any], kind: Any = Order, **more: Any) -> HTMLForm[Any]:
    """Return a form as it is after these pairs were sent."""
    form = form_of(kind)
    form.read(FormData([*pairs, *more.items()]))
    return form


def sent_order(changes: dict[str, Any]) -> HTMLForm[Any]:
    """Return the good order with some changes; None takes a field away."""
    pairs = {**GOOD, **changes}
    return sent(*((name, text) for name, text in pairs.items() if text is not None))
