"""JSON Lines: one value per line, from sync or async iterables, sent as they come.

Handlers return them; a plain iterable is stepped in a thread, never on the loop.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from gambrel.core.http.response import Response
from gambrel.core.http.threads import batches

__all__ = ["JSONLines"]

_encode: Callable[[Any], bytes] = msgspec.json.Encoder().encode


class JSONLines(Response):
    """One JSON value per line, sent as they come (https://jsonlines.org)."""

    media_type = "application/jsonl"
    __slots__ = ()

    def __init__(
        self,
        values: AsyncIterable[Any] | Iterable[Any],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        *,
        encode: Callable[[Any], bytes] = _encode,
    ) -> None:
        super().__init__(b"", status, headers, media_type)
        self.body = _json_lines(values, encode)


async def _json_lines(
    values: AsyncIterable[Any] | Iterable[Any], encode: Callable[[Any], bytes]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(batches(values)) as coming:
        async for batch in coming:
            yield b"\n".join([*map(encode, batch), b""])
