from dataclasses import dataclass
from typing import Annotated

from msgspec import Struct

from gambrel import Depends, Query
from gambrel.templates import Template
from gambrel.templates.handlers import calls_of


class Page(Struct):
    title: str


@dataclass
class Shelf:
    books: list[str]

    def page(self) -> Page:
        return Page("x")

    def anything(self):
        return Page("x")


def load() -> Page:
    return Page("x")


async def loaded() -> Page:
    return Page("x")


def given_by(handler) -> list[tuple[str, set[str] | None, type | None]]:
    return [(call.name, call.given, call.kind) for call in calls_of(handler)]


def test_names_and_types_of_what_is_written():
    def handler(shelf: Shelf, page: Annotated[Page, Depends(load)]):
        Template("1")
        Template("2", None)
        Template("3", {"a": 1, "b": 2})
        Template("4", context=Page("x"))
        Template("5", page)
        Template("6", shelf.page())
        Template("7", load())
        local: Page = shelf.anything()
        return Template("8", local)

    assert given_by(handler) == [
        ("1", set(), None),
        ("2", set(), None),
        ("3", {"a", "b"}, None),
        *[(str(n), {"title"}, Page) for n in range(4, 9)],
    ]


def test_what_is_awaited_has_a_type_too():
    async def handler():
        return Template("a", await loaded())

    assert given_by(handler) == [("a", {"title"}, Page)]


def test_what_cannot_be_told_is_not_guessed():
    def handler(shelf: Shelf, values: dict[str, int], name: Annotated[str, Query()]):
        Template(name)
        Template("1", {**values})
        Template("2", values)
        Template("3", shelf.anything())
        Template("4", unknown())  # noqa: F821 - it is not there
        Template("5", shelf.books)
        Template("6", shelf.nothing.deep())
        return Template("7", [1])

    assert given_by(handler) == [(str(n), None, None) for n in range(1, 8)]


def test_the_place_is_that_of_the_call():
    def handler():
        return Template("a")

    [call] = calls_of(handler)

    assert call.where == f"{__file__}:{handler.__code__.co_firstlineno + 1}"


def test_what_has_no_source_has_no_calls():
    assert list(calls_of(len)) == []
    assert list(calls_of(eval("lambda: 1"))) == []
