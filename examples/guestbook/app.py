"""A guestbook in one file: a form, a page, and a message after it was sent, in three languages.

    gambrel run examples/guestbook

What is written is kept in memory, and gone with the process.
"""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from gambrel import App, Redirect
from gambrel.forms import Forms, HTMLForm
from gambrel.forms import field as shown
from gambrel.i18n import I18n
from gambrel.i18n import gettext as _
from gambrel.i18n import lazy_gettext as later
from gambrel.looks import Looks
from gambrel.sessions import Flash, Session, Sessions
from gambrel.templates import Template, Templates

KEPT = 100


class Entry(Struct):
    """What a guest writes."""

    name: Annotated[
        str, Meta(min_length=2, max_length=60), shown(later("Name"), autocomplete="name")
    ]
    message: Annotated[
        str,
        Meta(min_length=3, max_length=1_000),
        shown(
            later("Message"),
            help=later("Up to 1,000 characters. Everybody can read it."),
            widget="textarea",
        ),
    ]


class Written(Struct):
    """An entry, and when it was written."""

    entry: Entry
    when: datetime = field(default_factory=lambda: datetime.now(UTC))


class Guest(Struct):
    """What is remembered of a guest: the name, so that nobody types it twice."""

    name: str = ""


def make_app() -> App:
    """Return a guestbook that nobody has written into."""
    app = App(extensions=[Templates(), Forms(), Sessions(), Looks(), I18n("en", "de", "ar")])
    entries: list[Written] = []

    @app.route("/", methods=["GET", "POST"])
    async def guestbook(
        form: HTMLForm[Entry], session: Session, flash: Flash
    ) -> Template | Redirect:
        """Show what was written, and take what is."""
        guest = session.of(Guest)
        form.fill(Entry(guest.name, ""))
        if form.value is None:
            page = {"form": form, "entries": entries}
            return Template("guestbook.html", page, form.status)
        entries.insert(0, Written(form.value))
        del entries[KEPT:]
        guest.name = form.value.name
        flash.add(_("Thank you, %(name)s.", name=guest.name), "success")
        return Redirect("/", 303)

    return app


app = make_app()
