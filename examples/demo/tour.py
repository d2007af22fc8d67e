"""The tour: for each of the seven frameworks an example that its users know."""

from msgspec import Struct

__all__ = ["TOUR", "Stop", "stop_of"]


class Stop(Struct, frozen=True):
    """One framework, the example for its users, where it begins, and what to see there."""

    id: str
    name: str
    title: str
    example: str
    start: str
    see: str
    guide: str


TOUR = (
    Stop(
        "flask",
        "Flask",
        "The blog of its tutorial",
        "flaskr",
        "/",
        "Register, log in, write a post. Two groups of routes, sessions, messages, a database.",
        "flask",
    ),
    Stop(
        "fastapi",
        "FastAPI",
        "Heroes, with what stays secret",
        "heroes",
        "/docs",
        "Handlers from signatures, and the document made of them. Send an age that is no number.",
        "fastapi",
    ),
    Stop(
        "django",
        "Django",
        "The polls of its tutorial",
        "polls",
        "/",
        "Vote, and see who else has. Models, migrations, queries, pages; no script needed.",
        "django",
    ),
    Stop(
        "drf",
        "Django REST framework",
        "Resources over tables",
        "heroes_sql",
        "/docs",
        "Heroes and teams with filters, search, order and pages, each fault with its place.",
        "drf",
    ),
    Stop(
        "pyramid",
        "Pyramid",
        "An extension with everything",
        "own_extension",
        "/",
        "Settings, points for others, checks, middleware: installed by one explicit line.",
        "pyramid",
    ),
    Stop(
        "tornado",
        "Tornado",
        "Its chat, in two ways",
        "chat",
        "/",
        "Long polls and WebSockets over one feed. Open it twice, and talk to yourself.",
        "tornado",
    ),
    Stop(
        "sanic",
        "Sanic",
        "Groups with versions",
        "versions",
        "/docs",
        "Versions beside each other, and a slow answer, on a server of our own.",
        "sanic",
    ),
)


def stop_of(name: str) -> Stop | None:
    """Return a stop by its id."""
    return next((stop for stop in TOUR if stop.id == name), None)
