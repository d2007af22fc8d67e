"""Tables: rows as CSV, produced and sent one by one, from sync or async iterables.

Handlers return these; a plain iterable is stepped in a thread, never on the loop.
"""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import astuple, fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any

import msgspec

from gambrel.core.http.fields.header_values import content_disposition
from gambrel.core.http.response import Response
from gambrel.core.http.threads import batches

__all__ = ["CSV"]

_WRITTEN = (Enum, date, time)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class CSV(Response):
    """Rows as CSV (RFC 4180), sent as they come.

    A row is a sequence, a mapping, a dataclass or a struct; the last three give the `header` if
    none is given. With `filename` a browser saves it. Text that a spreadsheet would run as a
    formula (`=1+1`) gets a leading apostrophe, in the header as well; `formulas=True` leaves it.
    """

    media_type = "text/csv"
    __slots__ = ()

    def __init__(
        self,
        rows: AsyncIterable[Any] | Iterable[Any],
        *,
        header: Sequence[str] = (),
        filename: str = "",
        formulas: bool = False,
    ) -> None:
        super().__init__(b"")
        if filename:
            self.headers["content-disposition"] = content_disposition("attachment", filename)
        self.body = _csv(rows, list(header), formulas)


async def _csv(
    rows: AsyncIterable[Any] | Iterable[Any], header: list[str], formulas: bool
) -> AsyncGenerator[bytes, None]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)

    def write(cells: Sequence[Any]) -> None:
        plain = [_plain(cell) for cell in cells]
        writer.writerow(plain if formulas else [_defused(cell) for cell in plain])

    if header:
        write(header)
    started = bool(header)
    async with aclosing(batches(rows)) as coming:
        async for batch in coming:
            for row in batch:
                header = header or _names(row)
                if header and not started:
                    write(header)
                started = True
                write(_cells(row, header))
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    if rest := buffer.getvalue():
        yield rest.encode()


def _names(row: Any) -> list[str]:
    if isinstance(row, Mapping):
        return [str(name) for name in row]
    if isinstance(row, msgspec.Struct):
        return list(row.__struct_fields__)
    return [field.name for field in fields(row)] if is_dataclass(row) else []


def _cells(row: Any, header: list[str]) -> Sequence[Any]:
    if isinstance(row, Mapping):
        return [row.get(name, "") for name in header]
    if isinstance(row, msgspec.Struct):
        return msgspec.structs.astuple(row)
    # To pyright, what is left may be a class, because `is_dataclass` takes one.
    return astuple(row) if is_dataclass(row) and not isinstance(row, type) else row  # pyright: ignore[reportReturnType]


def _plain(cell: Any) -> Any:
    """Return a value as JSON has it: an enum's value, a date in ISO 8601."""
    return msgspec.to_builtins(cell) if isinstance(cell, _WRITTEN) else cell


def _defused(cell: Any) -> Any:
    # OWASP: a cell that starts like a formula is run by spreadsheets, unless it is a number.
    text = str(cell)
    if not text.startswith(_FORMULA):
        return cell
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return cell
