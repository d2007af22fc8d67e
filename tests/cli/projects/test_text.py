import ast

import pytest

from gambrel import GambrelError
from gambrel.cli.projects.text import Text, indent_of, is_plain

SOURCE = """größe = "ä"; app = App(
    # why
    extensions=[A()],
)


@app.get("/")
def f() -> str: ...
"""


def test_positions_count_letters_and_not_bytes():
    text = Text(SOURCE, "app.py")

    assert text.of(text.tree.body[1]).startswith("app = App(")


def test_a_function_begins_with_its_decorators():
    text = Text(SOURCE, "app.py")
    function = text.tree.body[2]

    assert text.of(function).startswith('@app.get("/")\ndef f')
    assert text.first_line(function) == 7


def test_what_was_noted_is_changed_and_nothing_else():
    text = Text("a = [1, 2]  # kept\nb = a\n", "app.py")
    [first, second] = text.tree.body

    text.replace(first.value.elts[0], "10")
    text.insert(text.end(second), ".copy()")

    assert text.changed() == "a = [10, 2]  # kept\nb = a.copy()\n"


def test_a_name_is_what_it_was_assigned_once():
    text = Text("a = 1\nb = 2\nb = 3\nfor c in b: ...\nd: int = 4\n", "app.py")

    assert ast.unparse(text.assigned("a")) == "1"
    assert ast.unparse(text.assigned("d")) == "4"
    assert [text.assigned(name) for name in "bce"] == [None] * 3


def test_comments_within_are_seen():
    text = Text("a = [\n    1,  # one\n]\nb = '#'\n", "app.py")

    assert not is_plain(text, text.tree.body[0].value)
    assert is_plain(text, text.tree.body[1])
    assert indent_of(text, text.tree.body[0].value.elts[0]) == "    "


def test_what_is_no_python_is_told_with_its_line():
    with pytest.raises(GambrelError, match="not Python") as error:
        Text("a = 1\nb = (\n", "app.py")

    assert error.value.where == "app.py:2"
