"""The whole page: its database, what a reader must see on it, and who must not see it.

The name comes from a signed session cookie, one row from SQLite, ten rows from a list. Each
framework's app for it is in `apps/page/`, and runs in a process of its own.
"""

from __future__ import annotations

import http.client
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict, replace
from html.parser import HTMLParser
from typing import Final

from benchmarks.apps.page.content import NAME, PEOPLE, PRODUCTS, ROWS
from benchmarks.load import WORKLOADS
from benchmarks.server import Answer, Server
from benchmarks.targets import APPS, PAGES, RESULTS, Target

FOLDER: Final = APPS / "page"
LOGIN: Final = WORKLOADS["page"].login
PATH: Final = WORKLOADS["page"].path
TABLE: Final = WORKLOADS["rows"].path
_, _TITLE, _CENTS = PRODUCTS[41]
VISIBLE: Final = [
    _TITLE,
    f"Signed in as {NAME}",
    _TITLE,
    f"{_CENTS} cents",
    *(str(value) for row in ROWS for value in row.values()),
]


def page_targets(targets: Iterable[Target]) -> list[Target]:
    """The page's variants of those targets that have one; makes the database for them."""
    added = {"BENCH_DATABASE": _make_database()}
    return [
        replace(target, folder=FOLDER, probe=LOGIN, variables={**target.variables, **added})
        for target in targets
        if target.name in PAGES
    ]


def visible_text(html: str) -> list[str]:
    """The pieces of text of an HTML document, as a reader sees them."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return parser.pieces


def check_page(server: Server) -> str | None:
    """The first thing the server gets wrong about the page, or None."""
    try:
        cookie = server.fetch("GET", LOGIN).cookies
        answers = [server.fetch("GET", PATH, cookie=sent) for sent in (cookie, "", forge(cookie))]
        missing = server.fetch("GET", "/products/9999", cookie=cookie)
    except (OSError, http.client.HTTPException) as error:
        return f"page: {error!r}"
    right, *refused = answers
    if right.status != 200 or right.media_type != "text/html":
        return f"page: {right.status} {right.media_type}"
    seen = visible_text(right.body.decode())
    if seen != VISIBLE:
        return f"page: shows {seen}"
    if not all(_refuses(answer) for answer in refused):
        return "page: shown without a session, or with a forged one"
    return None if missing.status == 404 else f"page: {missing.status} for a missing row"


def check_rows(server: Server) -> str | None:
    """The first thing the server gets wrong about the table of fifty rows, or None."""
    try:
        answer = server.fetch("GET", TABLE)
    except (OSError, http.client.HTTPException) as error:
        return f"rows: {error!r}"
    if answer.status != 200 or answer.media_type != "text/html":
        return f"rows: {answer.status} {answer.media_type}"
    cells = (str(value) for person in PEOPLE for value in asdict(person).values())
    wanted = ["People", "People", "50 of them", *cells]
    seen = visible_text(answer.body.decode())
    return None if seen == wanted else f"rows: shows {seen}"


def forge(cookie: str) -> str:
    """The cookie with a letter in the middle of its value changed."""
    name, _, value = cookie.partition("=")
    middle = len(value) // 2
    return f"{name}={value[:middle]}{'A' if value[middle] != 'A' else 'B'}{value[middle + 1 :]}"


def _refuses(answer: Answer) -> bool:
    return 400 <= answer.status < 500 and b"Ada" not in answer.body


def _make_database() -> str:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "page.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, title, cents)")
        connection.executemany("INSERT INTO products VALUES (?, ?, ?)", PRODUCTS)
    return os.fspath(path)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        if text := data.strip():
            self.pieces.append(text)
