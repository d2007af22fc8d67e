"""A full shop: 10,000 tracks, and who has bought some."""

from store.stock import stock

from gambrel.db import SyncSession


def seed(db: SyncSession) -> None:
    stock(db)
