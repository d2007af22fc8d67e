"""Tables for the terminal: columns as wide as their widest cell, headings dimmed."""

from collections.abc import Sequence

import click

__all__ = ["shorten", "show_table"]


def show_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, width: int | None = None
) -> None:
    """Write rows under headings, cut at `width`; columns without any content are left out."""
    shown = [n for n in range(len(headings)) if any(row[n] for row in rows)]
    widths = {n: max(len(row[n]) for row in (headings, *rows)) for n in shown}
    lines = [
        "  ".join(row[n].ljust(widths[n]) for n in shown).rstrip() for row in (headings, *rows)
    ]
    if width is not None:
        lines = [shorten(line, width) for line in lines]
    click.secho(lines[0], dim=True)
    for line in lines[1:]:
        click.echo(line)


def shorten(text: str, width: int) -> str:
    """Return a text that is at most `width` characters long."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
