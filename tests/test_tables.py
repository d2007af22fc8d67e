import asyncio
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.response import Response
from gambrel.tables import CSV


class Colour(Enum):
    RED = "red"


class Hero(msgspec.Struct):
    name: str
    age: int


@dataclass
class City:
    name: str
    size: int


def body(response: Response) -> bytes:
    async def run() -> bytes:
        return b"".join([chunk async for chunk in response.body])  # type: ignore[union-attr]

    return asyncio.run(run())


def test_sequences_are_rows() -> None:
    response = CSV([["Ada", 36], ("Bob, Jr.", None)], header=["name", "age"])

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert body(response) == b'name,age\r\nAda,36\r\n"Bob, Jr.",\r\n'


@pytest.mark.parametrize("row", [Hero("Ada", 36), City("Ada", 36), {"name": "Ada", "age": 36}])
def test_named_rows_give_the_header(row: object) -> None:
    lines = body(CSV([row])).decode().splitlines()

    assert lines[0].startswith("name,")
    assert lines[1] == "Ada,36"


def test_mappings_are_put_in_the_order_of_the_header() -> None:
    rows = [{"b": 2, "a": 1, "c": 3}, {"a": 4}]

    assert body(CSV(rows, header=["a", "b"])) == b"a,b\r\n1,2\r\n4,\r\n"


def test_a_header_is_sent_even_without_rows() -> None:
    assert body(CSV([], header=["a"])) == b"a\r\n"


def test_rows_come_from_a_generator() -> None:
    def rows() -> Iterator[list[int]]:
        for number in range(1_000):
            yield [number]

    assert body(CSV(rows())).decode().split() == [str(number) for number in range(1_000)]


def test_values_are_written_as_in_json() -> None:
    row = [Colour.RED, datetime(2030, 5, 1, 9, tzinfo=UTC), time(9, 30), None]

    assert body(CSV([row])) == b"red,2030-05-01T09:00:00Z,09:30:00,\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-cmd", "@x", "\t=1", "\r=1", "\n=1"])
def test_text_that_a_spreadsheet_would_run_is_defused(text: str) -> None:
    [cell] = next(csv.reader(io.StringIO(body(CSV([[text]])).decode(), newline="")))

    assert cell == f"'{text}"


@pytest.mark.parametrize("rows", [CSV([{"=1+1": 5}]), CSV([[5]], header=["=1+1"])])
def test_names_in_the_header_are_defused_as_well(rows: CSV) -> None:
    assert body(rows) == b"'=1+1\r\n5\r\n"


def test_a_value_whose_text_is_a_formula_is_defused() -> None:
    assert body(CSV([[PurePosixPath("=cmd"), Decimal("-1.5")]])) == b"'=cmd,-1.5\r\n"


@pytest.mark.parametrize("text", ["-5", "+4.20", "-1e3", "a=b", ""])
def test_numbers_and_harmless_text_stay(text: str) -> None:
    assert body(CSV([[text, "x"]])) == f"{text},x\r\n".encode()


def test_formulas_are_kept_when_asked() -> None:
    assert body(CSV([["=1+1"]], formulas=True)) == b"=1+1\r\n"


def test_a_filename_makes_a_download() -> None:
    assert CSV([], filename="list.csv").headers["content-disposition"] == (
        'attachment; filename="list.csv"'
    )


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8")), min_size=2, max_size=3)))
def test_what_was_written_is_read_back(rows: list[list[str]]) -> None:
    written = body(CSV(rows, formulas=True)).decode()

    assert list(csv.reader(io.StringIO(written, newline=""))) == rows
