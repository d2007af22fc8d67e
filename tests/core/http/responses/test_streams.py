import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from gambrel.core.http.response import Response
from gambrel.core.http.responses.streams import JSONLines


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


def test_json_lines_hold_one_value_each() -> None:
    response = JSONLines([{"a": 1}, Hero("Ada", 36), "two\nlines"])

    assert response.headers["content-type"] == "application/jsonl"
    assert body(response) == b'{"a":1}\n{"name":"Ada","age":36}\n"two\\nlines"\n'


def test_json_lines_come_from_an_async_iterable_as_they_are_made() -> None:
    async def values() -> AsyncIterator[int]:
        yield 1
        yield 2

    async def run() -> list[bytes]:
        return [chunk async for chunk in JSONLines(values()).body]  # type: ignore[union-attr]

    assert asyncio.run(run()) == [b"1\n", b"2\n"]


def test_no_values_make_no_lines() -> None:
    assert body(JSONLines([])) == b""
