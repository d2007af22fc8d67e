"""The 404 page of development: which routes there are, and why each of them did not match.

The extension makes the candidates from the router's explanation; this file only shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from html import escape

from gambrel.debug.markdown import one_line
from gambrel.debug.page import document, inline_code

__all__ = ["Candidate", "markdown_not_found", "render_not_found", "suggestion"]

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that was looked at: `path` as declared, `where` in the code, `why` it is not it."""

    methods: str
    path: str
    why: str
    handler: str = ""
    where: str = ""


def suggestion(path: str, candidates: Sequence[Candidate]) -> str:
    """Return a hint for a path that nothing answers."""
    if not candidates:
        return "The app has no routes yet. Add one: `@app.get('/')` above a function."
    paths = {_filled(candidate.path, path): candidate.path for candidate in candidates}
    for other in (path.rstrip("/") or "/", f"{path}/"):
        if other != path and other in paths:
            return f"There is `{paths[other]}`, which differs in the slash at the end."
    close = get_close_matches(path, paths, 1, cutoff=0.7)
    return f"Did you mean `{paths[close[0]]}`?" if close else ""


def _filled(pattern: str, path: str) -> str:
    """Return a pattern with its parameters filled from a path, so that they do not count."""
    segments = path.split("/")
    return "/".join(
        segments[position] if "{" in part and position < len(segments) else part
        for position, part in enumerate(pattern.split("/"))
    )


def render_not_found(method: str, path: str, candidates: Sequence[Candidate]) -> str:
    """Return the page; everything in it is escaped."""
    hint = suggestion(path, candidates)
    header = (
        '<p class="kind">404 Not Found</p>'
        f"<h1>Nothing answers {escape(method)} {escape(path)}</h1>"
        '<p class="asked">In production this is a plain 404.</p>'
    )
    if hint:
        header += f'<div class="hint"><p><b>Hint</b> {inline_code(hint)}</p></div>'
    rows = "".join(
        f'<tr><td class="verb">{escape(one.methods)}</td><td><code>{escape(one.path)}</code></td>'
        f'<td class="why">{escape(one.why)}</td>'
        f'<td><span class="in">{escape(one.handler)}</span> '
        f'<span class="place">{escape(one.where)}</span></td></tr>'
        for one in candidates[:_SHOWN]
    )
    main = (
        "<h2>What was tried, in this order</h2>"
        '<div class="card"><table><thead><tr><th scope="col">Methods</th><th scope="col">Path</th>'
        '<th scope="col">Why not</th><th scope="col">Handler</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    more = len(candidates) - _SHOWN
    footer = f"<p>And {more} more: <code>gambrel routes</code> lists all.</p>" if more > 0 else ""
    return document(f"404: {method} {path}"[:120], header, main if rows else "", footer)


def markdown_not_found(method: str, path: str, candidates: Sequence[Candidate]) -> str:
    """Return the same as Markdown."""
    hint = suggestion(path, candidates)
    lines = [f"# 404: nothing answers `{one_line(method)} {one_line(path)}`", ""]
    lines += [f"**Hint:** {hint}", ""] if hint else []
    lines += [
        f"- `{one.methods} {one.path}` ({one.where}): {one_line(one.why)}"
        for one in candidates[:_SHOWN]
    ]
    return "\n".join(lines) + "\n"
