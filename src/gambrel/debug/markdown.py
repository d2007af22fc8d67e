"""The error page as Markdown, for clients that ask for `text/markdown`: terminals, assistants."""

import re

from gambrel.debug.report import Frame, Link, Report

__all__ = ["fenced", "one_line", "render_markdown"]


def render_markdown(report: Report) -> str:
    """Return a report as Markdown: the error, the hint, the user's frames, the request."""
    error, request = report.error, report.request
    parts = [
        f"# {one_line(error.type)}: {one_line(error.message)}",
        f"`{one_line(f'{request.method} {request.path}')}`"
        + (f" handled by `{request.handler}` at {request.where}" if request.handler else ""),
    ]
    if report.hint:
        parts.append(f"**Hint:** {report.hint}")
    if report.code:
        parts.append(f"Error code `{report.code}`")
    for link in reversed(report.chain):
        parts += _link(link, report)
    parts.append("## Request\n\n" + _pairs([*request.params, *request.query, *request.headers]))
    versions = ", ".join(f"{name} {text}" for name, text in report.versions)
    parts.append(f"Incident {report.incident}. {versions}".strip())
    return "\n\n".join(parts) + "\n"


def _link(link: Link, report: Report) -> list[str]:
    parts = []
    if link is not report.error:
        parts.append(f"## {one_line(link.type)}: {one_line(link.message)}\n\n({link.relation})")
    parts += [one_line(note) for note in link.notes]
    if link.statement:
        parts.append(fenced(link.statement, "sql"))
    own = [frame for frame in link.frames if frame.own] or list(link.frames[-1:])
    parts += [_frame(frame) for frame in own[-6:]]
    return parts


def _frame(frame: Frame) -> str:
    lines = [
        f"{'>' if frame.start + offset == frame.line else ' '} {frame.start + offset:>4}  {text}"
        for offset, text in enumerate(frame.lines)
    ]
    parts = [f"### {frame.short}:{frame.line} in `{frame.function}`", fenced("\n".join(lines))]
    if frame.locals:
        parts.append(_pairs(list(frame.locals)))
    return "\n\n".join(parts)


def _pairs(pairs: list[tuple[str, str]]) -> str:
    return fenced("\n".join(f"{name} = {one_line(value)}" for name, value in pairs))


def fenced(text: str, language: str = "") -> str:
    """Return a code block whose fence is longer than any in the text."""
    ticks = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def one_line(text: str) -> str:
    """Return text on one line, so that it cannot begin a block of its own."""
    return " ".join(text.split())[:1_000]
