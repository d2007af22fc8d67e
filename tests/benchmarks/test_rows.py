"""Answers are held against the rows that are in the database."""

import json
import sqlite3
from typing import Any

import pytest

from benchmarks.rows import CHECKS, FORTUNES, SEEN
from benchmarks.server import Answer


@pytest.fixture
def ask():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE world (id, randomnumber)")
    connection.executemany("INSERT INTO world VALUES (?, ?)", [(n, n * 2) for n in range(30)])
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()


def answer(value: Any) -> Answer:
    return Answer(200, "application/json", json.dumps(value).encode(), "")


def page(text: str) -> Answer:
    return Answer(200, "text/html", text.encode(), "")


def world(number: int) -> dict[str, int]:
    return {"id": number, "randomNumber": number * 2}


def test_a_row_is_the_one_that_is_there(ask):
    assert CHECKS["row"](answer(world(3)), ask) is None
    assert CHECKS["row"](answer({"id": 3, "randomNumber": 7}), ask) is not None


def test_twenty_rows_are_twenty_different_ones(ask):
    assert CHECKS["queries"](answer([world(n) for n in range(20)]), ask) is None
    assert CHECKS["queries"](answer([world(n) for n in range(19)]), ask) is not None
    assert CHECKS["updates"](answer([world(3)] * 20), ask) is not None


def test_fortunes_are_sorted_and_escaped(ask):
    cells = "".join(f"<td>{cell}</td>" for cell in SEEN[3:])
    shown = f"<title>Fortunes</title><th>id</th><th>message</th>{cells}"
    safe = shown.replace("<script>", "&lt;script&gt;").replace("</script>", "&lt;/script&gt;")

    assert CHECKS["fortunes"](page(safe), ask) is None
    assert CHECKS["fortunes"](page(shown), ask) is not None
    assert CHECKS["fortunes"](page(safe.replace(FORTUNES[2][1], "")), ask) is not None
