from dataclasses import dataclass

import pytest
from jinja2 import Environment
from msgspec import Struct

from gambrel.templates.typed import types_of, unknown_attributes


class Author(Struct):
    name: str

    def initials(self) -> str:
        return self.name[:1]


@dataclass
class Book:
    title: str
    author: Author | None
    tags: list[str]
    related: "list[Book]"


TYPES = {"book": Book, "books": list[Book], "maybe": Book | None, "either": Book | Author}


def unknown(text: str) -> list[tuple[int, str, type]]:
    return list(unknown_attributes(Environment().parse(text), TYPES))


@pytest.mark.parametrize(
    "text",
    [
        "{{ book.title.upper() }}{{ book.author.name }}{{ book.author.initials() }}",
        "{% for b in books %}{% for r in b.related %}{{ r.title }}{% endfor %}{% endfor %}",
        "{{ either.anything }}{{ other.anything }}{{ books.anything }}{{ books[0].anything }}",
        "{% set book = other %}{{ book.anything }}",
        "{% macro m(book) %}{{ book.anything }}{% endmacro %}",
        "{% for book in others %}{{ book.anything }}{% endfor %}",
        "{% for book, n in others %}{{ book.anything }}{% endfor %}",
        "{% for tag in book.tags %}{{ tag.anything }}{% endfor %}",
    ],
)
def test_what_is_there_or_not_known_is_right(text):
    assert unknown(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n{{ book.titel }}", (2, "titel", Book)),
        ("{{ maybe.titel }}", (1, "titel", Book)),
        ("{{ book.author.nmae }}", (1, "nmae", Author)),
        ("{% for b in books %}{{ b.author.nmae }}{% endfor %}", (1, "nmae", Author)),
        ("{% for b in books %}{% else %}{{ book.titel }}{% endfor %}", (1, "titel", Book)),
        ("{% for b in books if b.titel %}{% endfor %}", (1, "titel", Book)),
        ("{% for r in book.relatd %}{% endfor %}", (1, "relatd", Book)),
        ("{{ book.titel.deeper }}", (1, "titel", Book)),
    ],
)
def test_an_attribute_that_a_type_does_not_have_is_found(text, found):
    assert unknown(text) == [found]


def test_types_that_cannot_be_read_are_not_known():
    class Odd(Struct):
        x: "Nowhere"  # noqa: F821 - it is not there

    assert types_of(Odd) == {"x": None}
