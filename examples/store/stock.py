"""What the shop sells and to whom: made up, the same each time.

gambrel db seed examples/store --create
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import insert, select

from gambrel.db import SyncSession
from store import words
from store.models import (
    Album,
    Artist,
    Customer,
    Employee,
    Format,
    Genre,
    Invoice,
    InvoiceLine,
    Playlist,
    Track,
)

__all__ = ["stock"]

FIRST_DAY, DAYS = date(2024, 1, 2), 1030


def stock(db: SyncSession, tracks: int = 10_000, customers: int = 400) -> None:
    """Fill an empty shop; one that has something stays as it is."""
    if db.scalar(select(Artist.id).limit(1)) is not None:
        return
    chance = Random(1926)
    made = fill_shelves(db, chance, tracks)
    make_playlists(db, chance, made)
    sell(db, chance, made, hire(db, chance), customers)


def fill_shelves(db: SyncSession, chance: Random, wanted: int) -> list[Track]:
    """Make artists, their albums and the tracks on these."""
    genres = [Genre(name=name) for name in words.GENRES]
    formats = [Format(name=name) for name in words.FORMATS]
    names = distinct(lambda: words.artist(chance))
    tracks: list[Track] = []
    while len(tracks) < wanted:
        artist = Artist(name=next(names), country=chance.choice(words.COUNTRIES))
        genre, began = chance.choice(genres), chance.randint(1968, 2021)
        titles = distinct(lambda: words.album(chance))
        for _ in range(chance.randint(1, 6)):
            began = min(began + chance.randint(0, 4), 2026)
            album = Album(title=next(titles), released=began, artist=artist)
            kind = chance.choice(formats)
            for number in range(1, min(chance.randint(7, 15), wanted - len(tracks)) + 1):
                seconds = max(45, round(chance.gauss(232, 70)))
                track = Track(number=number, title=words.track(chance), seconds=seconds)
                track.price = Decimal("1.29") if seconds > 300 else Decimal("0.99")
                track.composer = words.person(chance) if chance.random() < 0.7 else None
                track.genre = genre if chance.random() < 0.9 else chance.choice(genres)
                track.album, track.format = album, kind
                tracks.append(track)
        db.add(artist)
    db.flush()
    return tracks


def make_playlists(db: SyncSession, chance: Random, tracks: list[Track]) -> None:
    """Put tracks on playlists."""
    for name in words.PLAYLISTS:
        chosen = chance.sample(tracks, min(chance.randint(12, 45), len(tracks)))
        db.add(Playlist(name=name, tracks=chosen))
    db.flush()


def hire(db: SyncSession, chance: Random) -> list[Employee]:
    """Make those who work here, and return those who look after customers."""
    names = distinct(lambda: words.person(chance))

    def one(job: str, manager: Employee | None = None) -> Employee:
        name = next(names)
        hired_on = FIRST_DAY - timedelta(days=chance.randint(100, 3000))
        return Employee(
            name=name, job=job, email=address(name, 0), hired_on=hired_on, manager=manager
        )

    head = one("General manager")
    floor, office = one("Sales manager", head), one("IT manager", head)
    sellers = [one("Sales support", floor) for _ in range(4)]
    db.add_all([head, floor, office, *sellers, one("Web developer", office)])
    db.flush()
    return sellers


def sell(
    db: SyncSession, chance: Random, tracks: list[Track], sellers: list[Employee], wanted: int
) -> None:
    """Make customers, and what they have bought: many rows, which need not be objects."""
    lines = []
    for number in range(1, wanted + 1):
        name = words.person(chance)
        country = chance.choice(words.COUNTRIES)
        customer = Customer(name=name, email=address(name, number), country=country)
        customer.city, customer.employee = words.city(chance), chance.choice(sellers)
        for _ in range(chance.randint(0, 10)):
            issued_on = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
            invoice = Invoice(customer=customer, issued_on=issued_on)
            lines.append((invoice, chance.sample(tracks, min(chance.randint(1, 9), len(tracks)))))
        db.add(customer)
    db.flush()
    rows = [
        {"invoice_id": invoice.id, "track_id": track.id, "price": track.price, "quantity": 1}
        for invoice, bought in lines
        for track in bought
    ]
    if rows:
        db.execute(insert(InvoiceLine), rows)


def distinct(make: Callable[[], str]) -> Iterator[str]:
    """Yield texts, none of them twice."""
    seen: set[str] = set()
    while True:
        text = make()
        if text not in seen:
            seen.add(text)
            yield text


def address(name: str, number: int) -> str:
    """Return an address for mail that reaches nobody."""
    return f"{name.lower().replace(' ', '.')}{number or ''}@example.com"
