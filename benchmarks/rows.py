"""What servers must answer with a database, held against the rows that are in it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from benchmarks.correctness import check
from benchmarks.load import POST, WORKLOADS
from benchmarks.page import visible_text
from benchmarks.server import Answer, Server

FORTUNES: Final = [
    (1, "fortune: No such file or directory"),
    (2, "A computer scientist is someone who fixes things that aren't broken."),
    (3, "After enough decimal places, nobody gives a damn."),
    (4, "A bad random number generator: 1, 1, 1, 1, 1, 4.33e+67, 1, 1, 1"),
    (5, "A computer program does what you tell it to do, not what you want it to do."),
    (6, "Emacs is a nice operating system, but I prefer UNIX. — Tom Christaensen"),
    (7, "Any program that runs right is obsolete."),
    (8, "A list is only as strong as its weakest link. — Donald Knuth"),
    (9, "Feature: A bug with seniority."),
    (10, "Computers make very fast, very accurate mistakes."),
    (11, '<script>alert("This should not be displayed in a browser alert box.");</script>'),
    (12, "フレームワークのベンチマーク"),
]
ADDED: Final = (0, "Additional fortune added at request time.")
SEEN: Final = [
    "Fortunes",
    "id",
    "message",
    *(str(cell) for one in sorted([*FORTUNES, ADDED], key=lambda row: row[1]) for cell in one),
]
Ask = Callable[[str], Sequence[Any]]


def check_rows_of(server: Server, workload: str, ask: Ask) -> str | None:
    """The first thing the server gets wrong in this workload, or None."""
    if workload in ("W1", "W2"):
        return check(server, workload)
    sent = WORKLOADS[workload]
    try:
        answer = server.fetch(sent.method, sent.path, sent.body or None)
        fault = CHECKS[workload](answer, ask)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return f"{sent.path}: {error!r}"
    if fault is None and answer.status in (200, 201):
        return None
    return f"{sent.path}: {answer.status} {fault or answer.body[:80]!r}"


def _rows(found: list[dict[str, int]], number: int, ask: Ask) -> str | None:
    ids = [one["id"] for one in found]
    if len(set(ids)) != number:
        return f"rows {ids}, and {number} different ones were asked for"
    kept = dict(ask(f"SELECT id, randomnumber FROM world WHERE id IN ({', '.join(map(str, ids))})"))
    wrong = [one for one in found if one != {"id": one["id"], "randomNumber": kept[one["id"]]}]
    return f"{wrong[0]}, and the row is {kept[wrong[0]['id']]}" if wrong else None


def _one(answer: Answer, ask: Ask) -> str | None:
    return _rows([json.loads(answer.body)], 1, ask)


def _twenty(answer: Answer, ask: Ask) -> str | None:
    return _rows(json.loads(answer.body), 20, ask)


def _fortunes(answer: Answer, _ask: Ask) -> str | None:
    seen = visible_text(answer.body.decode())
    if answer.media_type != "text/html" or b"<script>" in answer.body:
        return f"{answer.media_type}, or a script that would run"
    return None if seen == SEEN else f"shows {seen}"


def _list(answer: Answer, ask: Ask) -> str | None:
    found = json.loads(answer.body)
    newest = ask("SELECT id, title, body, score FROM post ORDER BY id DESC LIMIT 30")
    ((total,),) = ask("SELECT count(*) FROM post")
    shown = [tuple(one.values()) for one in found["items"]]
    right = shown == [tuple(one) for one in newest] and found["total"] == total
    return None if right else f"{len(shown)} items of {found['total']}, or others"


def _create(answer: Answer, ask: Ask) -> str | None:
    made = json.loads(answer.body)
    kept = ask(f"SELECT title, body, score FROM post WHERE id = {int(made['id'])}")
    wanted = tuple(POST.values())
    is_right = made == {"id": made["id"], **POST} and [tuple(one) for one in kept] == [wanted]
    return None if is_right and answer.status == 201 else f"{made}, and the row is {kept}"


CHECKS: Final[dict[str, Callable[[Answer, Ask], str | None]]] = {
    "row": _one,
    "unit": _one,
    "queries": _twenty,
    "fortunes": _fortunes,
    "updates": _twenty,
    "list": _list,
    "create": _create,
}
