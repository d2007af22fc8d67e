"""The error as the `debug` member of a problem document, for clients that take JSON."""

from typing import Any

from gambrel.debug.report import Frame, Link, Report

__all__ = ["describe"]

_FRAMES = 20


def describe(report: Report) -> dict[str, Any]:
    """Return what a developer needs of a report: the error, its place, the hint and the trace."""
    error = report.error
    found = {
        "error": error.type,
        "message": error.message,
        "where": next((at(f) for f in reversed(error.frames) if f.own), ""),
        "hint": report.hint,
        "code": report.code,
        "notes": list(error.notes),
        "statement": error.statement,
        "trace": [line(frame) for frame in error.frames[-_FRAMES:]],
        "caused_by": [one_line(link) for link in reversed(report.chain[:-1])],
    }
    return {name: value for name, value in found.items() if value}


def at(frame: Frame) -> str:
    """Return where a frame is: `app.py:7 in create`."""
    return f"{frame.short}:{frame.line} in {frame.function}"


def line(frame: Frame) -> str:
    """Return where a frame is, with its line of source where that is known."""
    index = frame.line - frame.start
    source = frame.lines[index].strip() if 0 <= index < len(frame.lines) else ""
    return f"{at(frame)}: {source}" if source else at(frame)


def one_line(link: Link) -> str:
    """Return an error before the last, with its place."""
    place = next((at(f) for f in reversed(link.frames) if f.own), "")
    return f"{link.type}: {link.message}" + (f" ({place})" if place else "")
