"""What editors and type checkers know of forms; checked by mypy and pyright, never run."""

from typing import Annotated, assert_type

from msgspec import Struct

from gambrel import App, Redirect, Request, Upload
from gambrel.forms import FormField, Forms, HTMLForm, PerClient, Steps, field, step
from gambrel.markup import Markup
from gambrel.sessions import CSRFToken


async def countries(request: Request) -> dict[str, str]:
    return {}


class Order(Struct):
    name: str
    photos: list[Upload]
    country: Annotated[str, field("Country", choices=countries)] = "de"


class Delivery(Struct):
    city: str


def needs_delivery(order: Order) -> bool:
    return order.country != "de"


class Checkout(Struct):
    order: Order
    delivery: Annotated[Delivery | None, step("Where to?", when=needs_delivery)] = None


def the_value_of_a_form_is_of_its_class(form: HTMLForm[Order]) -> None:
    assert_type(form.value, Order | None)
    if form.value is not None:
        assert_type(form.value.photos, list[Upload])
    form.fill(Order("Ann", []))
    form.refuse("name", "is taken")
    assert_type(form.status, int)
    assert_type(form.changed, frozenset[str])


def its_parts_are_known(form: HTMLForm[Order]) -> None:
    assert_type(form["name"], FormField)
    assert_type(form["name"].input(class_="wide"), Markup)
    assert_type(form.summary, Markup)
    for one in form:
        assert_type(one, FormField)


def that_of_steps_is_of_the_whole(steps: Steps[Checkout]) -> Redirect | None:
    assert_type(steps.value, Checkout | None)
    return Redirect(steps.location, 303) if steps.location else None


def tokens_are_text_and_markup(token: CSRFToken) -> None:
    assert_type(str(token), str)
    assert_type(token.field, Markup)


def rates_are_given_by_hand_or_by_a_function() -> App:
    async def rate(request: Request) -> int:
        return 0

    return App(extensions=[Forms(rate=PerClient(5, seconds=60)), Forms(rate=rate)])
