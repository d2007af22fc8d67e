"""One row of the database by its id, for every framework without a database layer."""

import os
import sqlite3
from threading import local

DATABASE = os.environ["BENCH_DATABASE"]


class _Thread(local):
    def __init__(self):
        self.connection = sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)
        self.connection.row_factory = sqlite3.Row


_thread = _Thread()


def find(id: int) -> sqlite3.Row | None:
    query = "SELECT id, title, cents FROM products WHERE id = ?"
    return _thread.connection.execute(query, (id,)).fetchone()
