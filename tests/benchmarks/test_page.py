"""The page is checked before it is measured: what is seen, and by whom."""

import html
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field

import pytest

from benchmarks import page
from benchmarks.apps.page.content import PEOPLE, PRODUCTS
from benchmarks.server import Answer
from benchmarks.targets import PAGES, TARGETS, select

COOKIE = "session=abcdef"


def rendered(quote: Callable[[str], str] = html.escape) -> bytes:
    return "".join(f"<p>{quote(text)}</p>" for text in page.VISIBLE).encode()


@dataclass
class Pretender:
    """A server with these faults."""

    body: bytes = field(default_factory=rendered)
    trusting: bool = False
    missing: int = 404

    def fetch(self, method: str, path: str, body: bytes | None = None, cookie: str = "") -> Answer:
        if path == page.LOGIN:
            return Answer(200, "text/plain", b"welcome", COOKIE)
        if cookie != COOKIE and not self.trusting:
            return Answer(401, "text/plain", b"", "")
        if path != page.PATH:
            return Answer(self.missing, "text/plain", b"", "")
        return Answer(200, "text/html", self.body, "")


def test_a_right_page_passes():
    assert page.check_page(Pretender()) is None


@pytest.mark.parametrize(
    "server",
    [
        Pretender(body=rendered(quote=str)),
        Pretender(body=rendered().replace(b"S-010", b"S-011")),
        Pretender(trusting=True),
        Pretender(missing=200),
    ],
    ids=["unescaped", "wrong row", "forged session", "missing product"],
)
def test_a_wrong_page_does_not(server):
    assert page.check_page(server) is not None


def test_a_forged_cookie_differs_in_one_letter():
    forged = page.forge(COOKIE)

    assert len(forged) == len(COOKIE)
    assert sum(a != b for a, b in zip(forged, COOKIE, strict=True)) == 1


def test_pages_have_an_app_and_a_database(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "RESULTS", tmp_path)

    found = page.page_targets(select([]))

    assert [target.name for target in found] == [name for name in TARGETS if name in PAGES]
    for target in found:
        names = [part.partition(":")[0].removesuffix(".py") for part in target.command]
        assert any((page.FOLDER / f"{name}.py").is_file() for name in names)
    with closing(sqlite3.connect(found[0].variables["BENCH_DATABASE"])) as connection:
        assert connection.execute("SELECT count(*) FROM products").fetchone() == (len(PRODUCTS),)


@pytest.mark.parametrize(
    ("change", "is_right"), [(("", ""), True), (("Ada &lt;9&gt;", "Ada <9>"), False)]
)
def test_a_table_shows_every_row_as_it_is(change, is_right):
    cells = [str(value) for person in PEOPLE for value in asdict(person).values()]
    texts = ["People", "People", "50 of them", *cells]
    body = "".join(f"<td>{html.escape(text)}</td>" for text in texts).replace(*change)

    class Server:
        def fetch(self, method: str, path: str) -> Answer:
            return Answer(200, "text/html", body.encode(), "")

    assert (page.check_rows(Server()) is None) is is_right
