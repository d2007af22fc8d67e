"""Tables for the terminal: columns as wide as their widest cell, headings dimmed."""

import shutil
import sys
from collections.abc import Sequence

import click

__all__ = ["shorten", "show_table", "terminal_width"]


def show_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows under headings; columns without any content are left out."""
    shown = [n for n in range(len(headings)) if any(row[n] for row in rows)]
    widths = {n: max(len(row[n]) for row in (headings, *rows)) for n in shown}
    lines = [
        "  ".join(row[n].ljust(widths[n]) for n in shown).rstrip() for row in (headings, *rows)
    ]
    click.secho(lines[0], dim=True)
    for line in lines[1:]:
        click.echo(line)


def terminal_width() -> int | None:
    """Return the columns of the terminal, None where the output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def shorten(text: str, width: int) -> str:
    """Return a text that is at most `width` characters long."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
