"""What there is to say of an error, as plain data: its chain, frames, locals and request.

The extension builds a `Report`, the page and the Markdown version render it. Locals are taken
from the frames of the user's own code only; every text has passed the `Redactor`.
"""

import linecache
import os
import site
import sysconfig
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.debug.highlight import Spans, highlight_lines
from gambrel.debug.hints import TEMPLATE, hint_for, values_in_template
from gambrel.debug.redact import Redactor, is_secret_name

__all__ = ["Frame", "Link", "Report", "RequestFacts", "build_report", "is_own", "short_path"]

_CONTEXT = 6
_MAX_FRAMES = 40
_MAX_LINKS = 12
_MAX_LOCALS = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: where, the source around it, and (user code only) the local variables.

    `start` is the number of the first of `lines`; `marked` the characters of the current line
    that failed, `spans` the tokens of user code by line number.
    """

    file: str
    line: int
    function: str
    own: bool
    start: int = 0
    lines: tuple[str, ...] = ()
    spans: Spans = field(default_factory=dict)
    marked: tuple[int, int] | None = None
    locals: tuple[tuple[str, str], ...] = ()

    @property
    def short(self) -> str:
        """The file as it is best shown: relative where it can be."""
        return short_path(self.file)


@dataclass(frozen=True, slots=True)
class Link:
    """One error of the chain; `relation` says how it led to the next."""

    type: str
    message: str
    notes: tuple[str, ...] = ()
    relation: str = ""
    frames: tuple[Frame, ...] = ()
    omitted: int = 0
    statement: str = ""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The request, with secrets hidden."""

    method: str
    path: str
    route: str = ""
    handler: str = ""
    where: str = ""
    params: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """An error as it is shown: the last of `chain` is the one that reached the boundary."""

    chain: tuple[Link, ...]
    request: RequestFacts
    incident: str = ""
    hint: str = ""
    code: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def error(self) -> Link:
        """The error that reached the boundary."""
        return self.chain[-1]


def build_report(
    error: BaseException,
    request: Request,
    incident: str = "",
    versions: tuple[tuple[str, str], ...] = (),
) -> Report:
    """Return all that is known of an error raised while answering a request."""
    redactor = Redactor(_environment())
    _learn(redactor, request)
    raised = list(_chain(error))
    for one, _ in raised:
        for frame, _line in traceback.walk_tb(one.__traceback__):
            if is_own(frame.f_code.co_filename):
                redactor.learn_named(dict(frame.f_locals))
    chain = tuple(_link(one, relation, redactor) for one, relation in raised)
    return Report(
        chain=chain,
        request=_facts(request, redactor),
        incident=incident,
        hint=redactor.code(hint_for(error) or ""),
        code=error.code if isinstance(error, GambrelError) else "",
        versions=versions,
    )


def _environment() -> list[str]:
    desktop = ("XDG_", "DESKTOP_", "DBUS_", "SSH_")
    return [
        value
        for name, value in os.environ.items()
        if is_secret_name(name) and not name.startswith(desktop)
    ]


def _learn(redactor: Redactor, request: Request) -> None:
    redactor.learn_named(dict(request.headers.pairs()))
    redactor.learn([value for _, value in _pairs(request, "cookies")])
    redactor.learn_named(dict(_pairs(request, "query")))
    redactor.learn(request.headers.get("authorization", "").partition(" ")[2])


# The chain ------------------------------------------------------------------------------------


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield the errors from the first cause to the one that was raised last."""
    links: list[tuple[BaseException, str]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    relation = ""
    while current is not None and id(current) not in seen and len(links) < _MAX_LINKS:
        seen.add(id(current))
        links.append((current, relation))
        if isinstance(current, BaseExceptionGroup):
            inner = current.exceptions[: _MAX_LINKS - len(links)]
            links += [(one, "is in the group") for one in inner]
        if current.__cause__ is not None:
            current, relation = current.__cause__, "was the cause of"
        elif not current.__suppress_context__:
            current, relation = current.__context__, "was being handled when this happened"
        else:
            current = None
    return reversed(links)


def _link(error: BaseException, relation: str, redactor: Redactor) -> Link:
    frames, omitted = _frames(error.__traceback__, redactor)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        frames += (_unparsed(error.filename, error.lineno, redactor),)
    notes = [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
    statement = getattr(error, "statement", None)
    return Link(
        type=_type_name(error),
        message=redactor.text(_message(error)),
        notes=tuple(redactor.text(note) for note in notes),
        relation=relation,
        frames=frames,
        omitted=omitted,
        statement=redactor.text(statement) if isinstance(statement, str) else "",
    )


def _type_name(error: BaseException) -> str:
    kind = type(error)
    own = kind.__module__ in {"builtins", "__main__"}
    return kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        if isinstance(error, GambrelError):  # its code and hint have places of their own
            return f"{error.what} ({error.where})" if error.where else error.what
        return str(error)[:4_000]
    except Exception as broken:
        return f"<its message raised {type(broken).__name__}>"


# Frames ---------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _library_roots() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    roots = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    roots |= {site.getusersitepackages(), str(Path(__file__).parents[1])}
    return tuple(sorted(str(Path(root).resolve()) + os.sep for root in roots))


@lru_cache(maxsize=4_096)
def is_own(file: str) -> bool:
    """Tell whether a file is the user's own: not Python's, not a package's, not the framework's."""
    if file.startswith("<"):
        return False
    path = str(Path(file).resolve())
    return f"{os.sep}site-packages{os.sep}" not in path and not path.startswith(_library_roots())


@lru_cache(maxsize=4_096)
def short_path(file: str) -> str:
    """Return a file relative to the working directory, or to the folder of its package."""
    path = Path(file)
    if path.is_relative_to(Path.cwd()) and is_own(file):
        return str(path.relative_to(Path.cwd()))
    for root in reversed(_library_roots()):
        if file.startswith(root):
            return (
                file[len(root) :]
                if "gambrel" not in Path(root).name
                else f"gambrel/{file[len(root) :]}"
            )
    return file


def _frames(trace: TracebackType | None, redactor: Redactor) -> tuple[tuple[Frame, ...], int]:
    calls = list(zip(traceback.walk_tb(trace), traceback.extract_tb(trace), strict=True))
    omitted = max(0, len(calls) - _MAX_FRAMES)
    if omitted:
        calls = calls[: _MAX_FRAMES // 2] + calls[-_MAX_FRAMES // 2 :]
    return tuple(_frame(frame, found, redactor) for (frame, _), found in calls), omitted


def _frame(frame: FrameType, found: traceback.FrameSummary, redactor: Redactor) -> Frame:
    file, line = found.filename, found.lineno or 0
    own, of_template = is_own(file), TEMPLATE in frame.f_globals
    variables = values_in_template(frame.f_locals) if of_template else frame.f_locals
    linecache.checkcache(file)
    source = linecache.getlines(file, frame.f_globals)
    start = max(1, line - _CONTEXT)
    lines = [text.rstrip("\r\n") for text in source[start - 1 : line + _CONTEXT]]
    current = lines[line - start] if 0 <= line - start < len(lines) else ""
    shown = tuple(redactor.code(text) for text in lines)
    spans = highlight_lines("".join(source)) if own and not of_template else {}
    return Frame(
        file=file,
        line=line,
        function=frame.f_code.co_name if of_template else frame.f_code.co_qualname,
        own=own,
        start=start,
        lines=shown,
        spans={
            number: spans[number]
            for number, text in enumerate(lines, start)
            if number in spans and text == shown[number - start]
        },
        marked=_marked(found, current) if redactor.code(current) == current else None,
        locals=_locals(variables, redactor) if own else (),
    )


def _unparsed(file: str, line: int, redactor: Redactor) -> Frame:
    """Return the place that Python could not read; no call was made there."""
    linecache.checkcache(file)
    source = linecache.getlines(file)
    start = max(1, line - _CONTEXT)
    lines = [text.rstrip("\r\n") for text in source[start - 1 : line + _CONTEXT]]
    shown = tuple(redactor.code(text) for text in lines)
    return Frame(file, line, "<module>", own=is_own(file), start=start, lines=shown)


def _marked(found: traceback.FrameSummary, current: str) -> tuple[int, int] | None:
    """Return the failed part of a line in characters; Python counts UTF-8 bytes."""
    if found.colno is None or found.end_colno is None:
        return None
    raw = current.encode()
    start = len(raw[: found.colno].decode(errors="replace"))
    several = found.end_lineno != found.lineno
    end = len(current) if several else len(raw[: found.end_colno].decode(errors="replace"))
    whole = current[start:end].strip() == current.strip()
    return None if whole or end <= start else (start, end)


def _locals(variables: Mapping[str, object], redactor: Redactor) -> tuple[tuple[str, str], ...]:
    shown = [(name, value) for name, value in variables.items() if not name.startswith(("__", "."))]
    return tuple((name, redactor.value(name, value)) for name, value in shown[:_MAX_LOCALS])


# The request ----------------------------------------------------------------------------------


def _facts(request: Request, redactor: Redactor) -> RequestFacts:
    route = request.route
    handler = getattr(route, "handler", None)
    code = getattr(handler, "__code__", None)
    if code is not None and not is_own(code.co_filename):
        handler = None  # ours or a package's says nothing to the user
    return RequestFacts(
        method=request.method,
        path=redactor.text(request.raw_path),
        route=str(getattr(route, "pattern", "") or ""),
        handler=getattr(handler, "__qualname__", ""),
        where=str(getattr(route, "where", "")) if handler else "",
        params=_shown(_pairs(request, "params"), redactor),
        query=_shown(_pairs(request, "query"), redactor),
        headers=_shown(request.headers.pairs(), redactor),
    )


def _pairs(request: Request, name: str) -> list[tuple[str, Any]]:
    """Return the pairs of a part of the request; it may be what is malformed."""
    try:
        part = getattr(request, name)
    except Exception:
        return []
    if part is None:
        return []
    return list(part.pairs() if hasattr(part, "pairs") else part.items())


def _shown(pairs: Sequence[tuple[str, Any]], redactor: Redactor) -> tuple[tuple[str, str], ...]:
    return tuple((name, redactor.shown(name, value)) for name, value in pairs)
