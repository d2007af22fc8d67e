"""A table at the inn: a form in steps, with answers that are checked before they are sent.

    gambrel run examples/booking

What is booked is kept in memory, and gone with the process.
"""

import datetime as dt
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gambrel import App, Redirect, Request
from gambrel.forms import Forms, PerClient, Steps, field, step
from gambrel.looks import Looks
from gambrel.middleware import SecurityHeaders
from gambrel.sessions import Flash, Sessions
from gambrel.templates import Template, Templates


class Guest(Struct):
    """Who comes."""

    name: Annotated[str, Meta(min_length=2, max_length=60), field(autocomplete="name")]
    email: Annotated[
        str,
        Meta(pattern="@"),
        field("E-mail", help="For the confirmation.", widget="email", autocomplete="email"),
    ]
    stays: Annotated[bool, field("We stay overnight")] = False


class Table(Struct):
    """When, and how many."""

    day: dt.date
    people: Annotated[int, Meta(ge=1, le=12)] = 2
    where: Annotated[Literal["inside", "garden"], field(widget="radio")] = "inside"


class Room(Struct):
    """Asked of those who stay."""

    beds: Annotated[Literal["one", "two"], field("Beds", widget="radio")]
    wishes: Annotated[str, field(widget="textarea")] = ""


class Review(Struct):
    """Nothing more is asked: the answers are shown."""


def overnight(guest: Guest) -> bool:
    """Say whether a room is wanted."""
    return guest.stays


class Booking(Struct, kw_only=True):
    """All of it, one class for each step."""

    guest: Annotated[Guest, step("Who is coming?")]
    table: Annotated[Table, step("When?")]
    room: Annotated[Room | None, step("Your room", when=overnight)] = None
    review: Annotated[Review, step("Check your answers")]


async def welcome(flash: Flash) -> Template:
    """Show the way to the form, and the thanks after it."""
    return Template("welcome.html")


def make_app() -> App:
    """Return an inn with every table free."""
    app = App(
        extensions=[
            Templates(),
            Forms(trap="website", rate=PerClient(20, seconds=600)),
            Sessions(tokens=True),
            Looks(),
            SecurityHeaders(reports="/_reports"),
        ]
    )
    booked: dict[dt.date, int] = {}

    @app.route("/book", methods=["GET", "POST"])
    async def book(request: Request, steps: Steps[Booking], flash: Flash) -> Template | Redirect:
        """Ask step by step."""
        if steps.value is not None and full(steps.value.table):
            steps.refuse("table.people", "are more than there are seats left that day")
        if steps.location:
            return Redirect(steps.location, 303)
        if steps.value is None:
            return Template("book.html", {"steps": steps}, steps.status)
        booking = steps.value
        booked[booking.table.day] = booked.get(booking.table.day, 0) + booking.table.people
        flash.add(f"Thank you, {booking.guest.name}. We look forward to seeing you.", "success")
        return Redirect(request.url_for("welcome"))

    def full(table: Table) -> bool:
        return booked.get(table.day, 0) + table.people > 20

    app.get("/")(welcome)
    return app


app = make_app()
