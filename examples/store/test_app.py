"""The same on SQLite and, where `GAMBREL_DATABASE_URL` names one, on another database."""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gambrel import App
from gambrel.db import SyncSession
from gambrel.db.testing import queries
from gambrel.testing import Client, run_command
from store.app import create_app
from store.models import Album, Artist, Base, Employee, Invoice, InvoiceLine, Playlist, Track
from store.stock import stock

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("instance")))
        yield create_app()


@pytest.fixture(scope="module")
def empty(app: App) -> Iterator[Client]:
    """Return a visitor of a shop that was opened for the first time."""
    with Client(app) as client:
        yield client


@pytest.fixture(scope="module")
def client(empty: Client, app: App) -> Client:
    """Return a visitor of a shop with something in it."""
    call(app, lambda db: stock(db, tracks=300, customers=30))
    return empty


def call(app: App, function: Callable[[SyncSession], Any]) -> Any:
    """Call a function with the database of the app."""

    def asked(db: SyncSession) -> Any:
        return function(db)

    assert app.tasks.loop is not None
    return asyncio.run_coroutine_threadsafe(app.call(asked), app.tasks.loop).result()


def one(app: App, statement: Any) -> Any:
    return call(app, lambda db: db.scalar(statement))


# What was there before ------------------------------------------------------------------------


def test_the_models_are_what_the_command_writes_of_the_schema(tmp_path):
    with closing(sqlite3.connect(tmp_path / "found.db")) as found:
        found.executescript((HERE / "schema.sql").read_text())

    written = run_command(["db", "inspect", f"sqlite:///{tmp_path}/found.db"])

    assert written.stdout == (HERE / "models.py").read_text()
    assert len(Base.metadata.tables) == 11


def test_a_shop_that_opens_for_the_first_time_has_empty_shelves(empty):
    assert "gambrel db seed" in empty.get("/").text
    for path in ("/artists", "/tracks", "/playlists", "/customers", "/staff", "/search"):
        assert empty.get(path).status_code == 200


@pytest.mark.slow
def test_seeds_fill_it_in_seconds_and_once(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("GAMBREL_DATABASE_URL", f"sqlite:///{tmp_path}/full.db")
    command = ["db", "seed", str(HERE), "--create"]

    first, again = run_command(command), run_command(command)

    assert (first.exit_code, again.exit_code) == (0, 0), first.stderr
    with closing(sqlite3.connect(tmp_path / "full.db")) as made:
        assert made.execute("SELECT count(*) FROM tracks").fetchone() == (10_000,)
        assert made.execute("SELECT count(*) FROM customers").fetchone() == (400,)


def test_what_is_made_up_is_the_same_each_time(client, app):
    names = call(app, lambda db: list(db.scalars(select(Artist.name).order_by(Artist.id).limit(2))))

    assert names == ["Amara & the Letters", "Ilse Kester"]


# What there is to hear ------------------------------------------------------------------------


def test_from_an_artist_to_an_album_to_its_tracks(client, app):
    artist = one(app, select(Artist).order_by(Artist.name).limit(1))
    listed = client.get("/artists").text
    shown = client.get(link_to(listed, artist.name)).text
    album = one(app, select(Album).where(Album.artist_id == artist.id).limit(1))
    page = client.get(link_to(shown, album.title)).text

    tracks = call(app, lambda db: list(db.scalars(select(Track).filter_by(album_id=album.id))))
    assert [track.title for track in tracks] == re.findall(r'<th scope="row">([^<]+)<', page)
    assert f"€{sum(track.price for track in tracks)}" in page


def test_every_track_is_on_one_page_by_its_key(client, app):
    found, query = [], "?order=-seconds"
    while query:
        page = client.get(f"/tracks{query}").text
        found += re.findall(r'<td class="number">(\d+):(\d\d)</td>', page)
        following = re.search(r'href="(\S*after=[^"]+)" data-swap="#list" rel="next"', page)
        query = following[1].replace("&amp;", "&") if following else ""

    lengths = [int(minutes) * 60 + int(seconds) for minutes, seconds in found]
    assert len(lengths) == 300
    assert lengths == sorted(lengths, reverse=True)


def test_tracks_are_those_of_a_genre(client, app):
    genre = one(app, select(Track.genre_id).limit(1))
    wanted = one(app, select(func.count(Track.id)).where(Track.genre_id == genre))

    page = client.get(f"/tracks?genre={genre}&format=&order=title").text

    assert page.count('<th scope="row">') == min(wanted, 50)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/tracks?after=forged", 400),
        ("/tracks?order=price", 422),
        ("/artists?page=0", 422),
        ("/artists/999999", 404),
        ("/albums/999999", 404),
        ("/playlists/999999", 404),
        ("/customers/999999", 404),
        ("/invoices/999999", 404),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_refused(client, path, status):
    assert client.get(path).status_code == status


def test_words_are_found_in_names_and_titles(client, app):
    track = one(app, select(Track).where(Track.composer.is_not(None)).limit(1))
    first, last = track.composer.split()
    page = client.get("/search", params={"q": f"{last[:4]} {first}"}).text

    assert f"<small>{track.composer}</small>" in page
    assert "Nothing here is called so" in client.get("/search?q=xyzzy").text
    assert "Nothing here is called so" in client.get("/search", params={"q": "' OR 1=1 --"}).text


def test_artists_are_found_by_the_beginnings_of_words(client, app):
    names = call(app, lambda db: list(db.scalars(select(Artist.name))))
    page = client.get("/artists?q=the").text

    wanted = [name for name in names if re.search(r"\bthe", name, re.IGNORECASE)]
    assert f"{len(wanted)} artist" in page


def test_a_playlist_has_its_tracks(client, app):
    key = one(app, select(Playlist.id).where(Playlist.name == "Rafters"))
    assert "Rafters" in client.get("/playlists").text
    page = client.get(f"/playlists/{key}").text

    joined = select(func.count()).select_from(Playlist).join(Playlist.tracks)
    assert f"{one(app, joined.where(Playlist.id == key))} tracks" in page


# Who buys and who sells -----------------------------------------------------------------------


def test_totals_of_a_customer_are_those_of_the_invoices(client, app):
    amount = func.sum(InvoiceLine.price * InvoiceLine.quantity)
    key = one(app, select(Invoice.customer_id).limit(1))
    total = one(app, select(amount).join(Invoice).where(Invoice.customer_id == key))
    page = client.get(f"/customers/{key}").text

    bills = [Decimal(text) for text in re.findall(r"€([\d.]+)", page)]
    assert sum(bills[:-1]) == bills[-1] == total
    for number, bill in zip(re.findall(r"/invoices/(\d+)", page), bills, strict=False):
        assert (
            f'<td class="number">€{bill}</td></tr></tfoot>'
            in client.get(f"/invoices/{number}").text
        )


def test_customers_are_shown_with_what_they_have_spent_in_few_statements(client, app):
    with queries(app, max=5):
        page = client.get("/customers").text

    spent = sum(map(Decimal, re.findall(r"€([\d.]+)", page)))
    shown = [int(key) for key in re.findall(r"/customers/(\d+)", page)]
    amount = func.sum(InvoiceLine.price * InvoiceLine.quantity)
    assert len(shown) == 25
    assert spent == one(app, select(amount).join(Invoice).where(Invoice.customer_id.in_(shown)))


def test_those_who_work_here_stand_below_whom_they_work_for(client, app):
    page = client.get("/staff").text
    head = one(app, select(Employee).where(Employee.manager_id.is_(None)))

    assert page.index(head.name) < page.index("Sales manager") < page.index("Sales support")
    assert page.count("<li>") == one(app, select(func.count(Employee.id)))


@pytest.mark.parametrize(
    "path", ["/", "/search?q=a", "/artists", "/artists/1", "/albums/1", "/tracks", "/playlists"]
)
def test_a_page_asks_as_often_for_many_rows_as_for_one(client, app, path):
    with queries(app, max=7):
        assert client.get(path).status_code == 200


def test_nothing_is_wrong_with_the_app(app):
    assert [problem for problem in app.problems() if problem.id.startswith("templates.")] == []


def link_to(page: str, text: str) -> str:
    """Return where a link leads."""
    written = re.escape(text.replace("&", "&amp;"))
    found = re.search(rf'href="([^"]+)">(?:<svg.*?</svg><span>)?{written}<', page)
    assert found, text
    return found[1]
