"""A form in steps: one that may be left out, one with a file, one that shows the answers."""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from gambrel import HTML, App, Redirect, Upload
from gambrel.extend import read_shape
from gambrel.forms import Forms, Steps, field, step
from gambrel.forms.extension import CODECS, define
from gambrel.forms.step import Walk, read_steps
from gambrel.sessions import Sessions


class Contact(Struct):
    name: Annotated[str, Meta(min_length=2)]
    is_parcel: Annotated[bool, field("Send it")] = False


class Line(Struct):
    sku: str


class Delivery(Struct):
    city: str
    lines: Annotated[list[Line], field(blank=0)] = []


class Payment(Struct):
    iban: str
    proof: Upload | None = None


def is_parcel(contact: Contact) -> bool:
    return contact.is_parcel


class Checkout(Struct, kw_only=True):
    contact: Contact
    delivery: Annotated[Delivery | None, step("Where to?", when=is_parcel)] = None
    payment: Annotated[Payment, step("How to pay")]

    def __post_init__(self) -> None:
        if self.payment.iban == "same" and self.contact.name == "same":
            raise ValueError("Both are the same")


CONTACT = {"name": "Ann", "is_parcel": "on"}


def walk_of(kind: Any) -> Walk:
    return read_steps(kind, read_shape(kind, CODECS), define)


def app_of(
    done: list[Any],
    kind: Any = Checkout,
    on_value: Callable[[Any], None] = lambda _: None,
    languages: Any = None,
    dependencies: Sequence[Any] = (),
    **more: Any,
) -> App:
    """Return an app with one form in steps; `done` gets what was sent to the end."""
    app = App(extensions=[Forms(**more), Sessions(), *filter(None, [languages])])

    @app.route("/buy", methods=["GET", "POST"], dependencies=dependencies)
    async def buy(steps: Steps[kind]) -> HTML | Redirect:
        if steps.value is not None:
            on_value(steps)
        if steps.location:
            return Redirect(steps.location, 303)
        if steps.value is None:
            return HTML(steps.__html__(), steps.status)
        done.append(steps.value)
        return Redirect("/thanks", 303)

    return app


def hidden(page: Any) -> dict[str, str]:
    """Return what a page sends besides its fields."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def heading(page: Any) -> str:
    """Return which step a page shows."""
    [found] = re.findall(r'form-progress">Step (\d of \d)</p><h2[^>]*>([^<]*)', page.text)
    return ": ".join(found)
