from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from gambrel.db.connections.engines import Engines, Limits
from gambrel.db.connections.urls import parse_address
from gambrel.db.visible.prompt import MOST, Prompt, hold_to_reading, table_of


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    yield made
    made.dispose()


def typed(engine: Engine, *lines: str | type[BaseException]) -> list[str]:
    left, told = list(lines), []

    def read(_prompt: str) -> str:
        if not left:
            raise EOFError
        line = left.pop(0)
        if isinstance(line, str):
            return line
        raise line

    Prompt(engine, read, told.append).run()
    return told


def test_a_statement_may_have_several_lines(engine):
    assert typed(engine, "SELECT 1", "AS one;") == ["one\n---\n1\n(1 rows)"]


def test_a_mistake_is_told_and_the_next_statement_runs(engine):
    first, second = typed(engine, "SELEKT;", "SELECT 2 AS two;")

    assert first.startswith("error: ")
    assert "syntax error" in first
    assert "2" in second


def test_each_statement_is_committed(engine):
    told = typed(
        engine, "CREATE TABLE t (a);", "INSERT INTO t VALUES (1), (2);", "SELECT * FROM t;"
    )

    assert told[1] == "2 rows changed"
    assert told[2].endswith("(2 rows)")


@pytest.mark.parametrize("word", ["\\q", "exit", "quit", ".quit"])
def test_it_can_be_left(engine, word):
    assert typed(engine, word, "SELECT 1;") == []


def test_what_was_typed_is_forgotten_at_an_interrupt(engine):
    assert typed(engine, "SELECT", KeyboardInterrupt, "SELECT 3 AS three;")[1].startswith("three")


def test_values_cannot_move_the_cursor_of_a_terminal():
    shown = table_of(["a", "b", "c"], [["\x1b[2J\n", None, b"\x00\xff"]])

    assert shown.splitlines()[2] == "·[2J· | NULL | 00ff"


def test_a_table_has_an_end():
    assert table_of(["a"], [[number] for number in range(MOST + 1)]).endswith(
        "(the first 200 rows)"
    )


def test_long_values_are_cut():
    assert table_of(["a"], [["x" * 100]]).splitlines()[2] == "x" * 59 + "…"


def test_a_percent_is_one_and_who_only_reads_writes_in_no_way(url):
    engines = Engines(parse_address(url, Path()), Limits())
    assert typed(engines.plain_writer, "SELECT 7 AS n WHERE 'abc' LIKE '%b%';")[0].startswith("n")
    engines.close_plain()

    hold_to_reading(engines.plain_reader)
    for sql in ("CREATE TABLE hole (a INT);", "COMMIT; CREATE TABLE hole (a INT);"):
        assert typed(engines.plain_reader, sql)[0].startswith("error: ")
    assert "hole" in typed(engines.plain_reader, "SELECT * FROM hole;")[0]
    engines.close_plain()
