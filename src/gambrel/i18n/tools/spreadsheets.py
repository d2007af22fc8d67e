"""Catalogs as tables, for translators who work in a spreadsheet (CSV, RFC 4180).

A row is a message: its context, the text, that for several, and a translation for each form.
"""

import csv
from pathlib import Path

from babel.messages import Catalog

from gambrel.core.http.errors import GambrelError
from gambrel.i18n.catalogs import forms_of

__all__ = ["read_table", "write_table"]

_HEAD = ["context", "message", "plural"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_table(file: Path, catalog: Catalog) -> None:
    """Write a catalog as a table; the mark at its beginning tells spreadsheets that it is UTF-8."""
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*_HEAD, *(f"translation {n + 1}" for n in range(catalog.num_plurals))])
        for message in catalog:
            if message.id:
                texts = message.id if isinstance(message.id, tuple) else (message.id, "")
                row = [message.context or "", *texts, *forms_of(message)]
                writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])


def read_table(file: Path, catalog: Catalog) -> int:
    """Take the translations of a table into a catalog, and return how many it did not have.

    A row without a translation changes nothing. Raises GambrelError for what is no such table.
    """
    changed = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream)
            if next(rows, [])[:3] != _HEAD:
                raise ValueError(f"its first row is not {', '.join(_HEAD)}, …")
            for row in rows:
                changed += take(row, catalog)
    except (OSError, ValueError, csv.Error) as error:
        hint = "gambrel i18n export makes one"
        raise GambrelError(
            "i18n.table", f"a table cannot be read: {error}", str(file), hint
        ) from None
    return changed


def take(row: list[str], catalog: Catalog) -> bool:
    """Take one row, and return whether it was news. Raises ValueError for an unknown message."""
    cells = [one[1:] if one[:1] == "'" and one[1:].startswith(_FORMULA) else one for one in row]
    if len(cells) < 3 or not any(cells[3:]):
        return False
    context, text, plural, *given = cells
    message = catalog.get(text, context or None)
    if message is None:
        raise ValueError(f"the catalog has no message {text!r}")
    forms = tuple(given[: catalog.num_plurals]) if plural else given[0]
    if message.string == forms and not message.fuzzy:
        return False
    message.string = forms
    message.flags.discard("fuzzy")
    return True
