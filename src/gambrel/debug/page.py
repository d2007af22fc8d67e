"""The error page of development: one HTML document, no script, one style allowed by its hash.

`render_page` turns a `Report` into HTML; `respond_with` sends a document under its own policy.
Every text is escaped here, and nothing a client sent is ever evaluated.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from gambrel.core.http.response import Response
from gambrel.debug.highlight import render_line
from gambrel.debug.markdown import render_markdown
from gambrel.debug.redact import HIDDEN
from gambrel.debug.report import Frame, Link, Report

__all__ = ["POLICY", "document", "render_page", "respond_with"]

STYLE = (Path(__file__).parent / "page.css").read_text("utf-8")
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_ROOF = (
    '<svg class="roof" viewBox="0 0 48 32" aria-hidden="true">'
    '<path d="M3 29 10 12 24 3l14 9 7 17M10 12h28M20 29V19h8v10"/></svg>'
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def respond_with(html: str, status: int) -> Response:
    """Return a page of this battery: never stored, allowed its own style and nothing else."""
    headers = {
        "cache-control": "no-store",
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "vary": "accept",
    }
    return Response(html, status, headers, "text/html")


def document(title: str, header: str, main: str, footer: str = "") -> str:
    """Return a whole page around parts that are HTML already; the title is text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><header><div>{_ROOF}{header}</div></header><main>{main}</main>"
        f"<footer>{footer}</footer></body></html>\n"
    )


def render_page(report: Report, docs: str = "", editor: str = "") -> str:
    """Return the page of an error.

    `docs` is the address of the error pages, `editor` a link such as
    `vscode://file/{path}:{line}`; without them codes and places are plain text.
    """
    error = report.error
    parts = [_chain(report.chain, editor), _request(report), _as_text(report)]
    versions = " · ".join(f"{escape(name)} {escape(text)}" for name, text in report.versions)
    footer = f"<p>Shown in development only, to this machine. Incident {escape(report.incident)}. "
    return document(
        f"{error.type}: {error.message}"[:120],
        _header(report, docs),
        "".join(parts),
        f"{footer}{versions}</p>",
    )


def inline_code(text: str) -> str:
    """Return text as HTML, with `code` in backticks set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _header(report: Report, docs: str) -> str:
    error, request = report.error, report.request
    asked = f"<b>{escape(request.method)} {escape(request.path)}</b>"
    if request.handler:
        asked += f" · {escape(request.handler)} at {escape(request.where)}"
    parts = [
        f'<p class="kind">{escape(error.type)}</p>',
        f"<h1>{escape(error.message) or '(without a message)'}</h1>",
        f'<p class="asked">{asked}</p>',
    ]
    if report.hint:
        parts.append(f'<div class="hint"><p><b>Hint</b> {inline_code(report.hint)}</p></div>')
    if report.code:
        page = f"{docs.rstrip('/')}/{report.code}" if docs else ""
        shown = f"<code>{escape(report.code)}</code>"
        shown = f'<a href="{escape(page)}">{shown}</a>' if page else shown
        parts.append(f'<p class="asked">Error code {shown}, explained in docs/errors</p>')
    return "".join(parts)


# The chain ------------------------------------------------------------------------------------


def _chain(chain: Sequence[Link], editor: str) -> str:
    last = chain[-1]
    parts = [f"<h2>Where it happened</h2>{_details(last)}{_frames(last, editor)}"]
    if len(chain) > 1:
        parts.append("<h2>What led to it</h2>")
    parts += [_earlier(link, editor) for link in reversed(chain[:-1])]
    return "".join(parts)


def _earlier(link: Link, editor: str) -> str:
    above = " the one above" if link.relation.endswith("of") else ""
    return (
        f'<section class="cause"><p class="relation">This error {escape(link.relation)}{above}:</p>'
        f'<p class="kind">{escape(link.type)}</p><p>{escape(link.message)}</p></section>'
        f"{_details(link)}{_frames(link, editor)}"
    )


def _details(link: Link) -> str:
    parts = [f'<div class="card note"><p>{inline_code(note)}</p></div>' for note in link.notes]
    if link.statement:
        parts.append(
            f'<h3>The statement that failed</h3><pre class="plain" tabindex="0">'
            f"{escape(link.statement)}</pre>"
        )
    return "".join(parts)


def _frames(link: Link, editor: str) -> str:
    frames = link.frames
    opened = next((frame for frame in reversed(frames) if frame.own), None)
    if opened is None and frames:
        opened = frames[-1]
    parts = []
    for own, group in groupby(frames, key=lambda frame: frame.own or frame is opened):
        shown = list(group)
        html = "".join(_frame(frame, editor, opened=frame is opened) for frame in shown)
        if not own:
            calls = "call" if len(shown) == 1 else "calls"
            html = (
                f'<details class="library"><summary>{len(shown)} {calls} in libraries'
                f"</summary><div>{html}</div></details>"
            )
        parts.append(html)
    if link.omitted:
        parts.insert(len(parts) // 2, f'<p class="relation">{link.omitted} more calls</p>')
    return "".join(parts)


def _frame(frame: Frame, editor: str, *, opened: bool) -> str:
    place = f'<span class="place">{escape(frame.short)}:{frame.line}</span>'
    if editor and frame.own:
        link = editor.replace("{path}", frame.file).replace("{line}", str(frame.line))
        place = f'<a class="place" href="{escape(link)}">{escape(frame.short)}:{frame.line}</a>'
    classes = "frame own" if frame.own else "frame"
    return (
        f'<details class="{classes}"{" open" if opened else ""}>'
        f'<summary>{place}<span class="in">in {escape(frame.function)}</span></summary>'
        f"{_source(frame)}{_locals(frame)}</details>"
    )


def _source(frame: Frame) -> str:
    if not frame.lines:
        return '<pre class="source"><span><b></b>(no source)</span></pre>'
    rows = []
    for offset, text in enumerate(frame.lines):
        number = frame.start + offset
        now = number == frame.line
        html = render_line(text, frame.spans.get(number, []), frame.marked if now else None)
        opening = '<span class="now">' if now else "<span>"
        rows.append(f"{opening}<b>{number}</b>{html}\n</span>")
    label = f"Source of {escape(frame.short)} around line {frame.line}"
    return (
        f'<pre class="source" tabindex="0" role="region" aria-label="{label}">{"".join(rows)}</pre>'
    )


def _locals(frame: Frame) -> str:
    if not frame.locals:
        return ""
    return f'<div class="locals">{_list(frame.locals)}</div>'


# The request ----------------------------------------------------------------------------------


def _request(report: Report) -> str:
    request = report.request
    route = [("route", request.route)] if request.route else []
    groups = (
        ("Path", [*route, *request.params]),
        ("Query", list(request.query)),
        ("Headers", list(request.headers)),
    )
    cards = [
        f'<section class="card"><h3>{title}</h3>{_list(pairs)}</section>'
        for title, pairs in groups
        if pairs
    ]
    return f"<h2>The request</h2>{''.join(cards)}"


def _list(pairs: Iterable[tuple[str, str]]) -> str:
    rows = []
    for name, value in pairs:
        opening = '<dd class="hidden">' if value.startswith(HIDDEN) else "<dd>"
        rows.append(f"<dt>{escape(name)}</dt>{opening}{escape(value)}</dd>")
    return f"<dl>{''.join(rows)}</dl>"


def _as_text(report: Report) -> str:
    return (
        "<h2>As text</h2>"
        '<details class="library"><summary>To paste into an issue or hand to an assistant '
        "(also with <code>Accept: text/markdown</code>)</summary><div>"
        f'<pre class="plain" tabindex="0">{escape(render_markdown(report))}</pre></div></details>'
    )
