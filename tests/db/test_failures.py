import asyncio
import sqlite3
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Conflict, GambrelError, ServiceUnavailable
from gambrel.db import AsyncSession, Database, Model
from gambrel.db.failures import answer_failure, answer_stale, answer_wait, is_retryable, is_unwell
from gambrel.testing import Client
from tests.db.conftest import empty


class Cause(Exception):
    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments)
        vars(self).update(attributes)


def of(cause: Exception, kind: type[DBAPIError] = OperationalError) -> DBAPIError:
    return kind("SELECT 1", None, cause)


@pytest.mark.parametrize(
    ("cause", "unwell", "retryable"),
    [
        (Cause(sqlstate="08006"), True, False),
        (Cause(sqlstate="57P01"), True, False),
        (Cause(sqlstate="53300"), True, False),
        (Cause(sqlstate="40001"), True, True),
        (Cause(sqlstate="40P01"), True, True),
        (Cause(sqlstate="55P03"), True, False),
        (Cause(sqlstate="42P01"), False, False),
        (Cause("connection refused"), True, False),
        (Cause(sqlite_errorname="SQLITE_BUSY"), True, False),
        (Cause(sqlite_errorname="SQLITE_BUSY_SNAPSHOT"), True, True),
        (Cause(sqlite_errorname="SQLITE_FULL"), True, False),
        (Cause(sqlite_errorname="SQLITE_ERROR"), False, False),
        (Cause(2013, "Lost connection", sqlstate="HY000"), True, False),
        (Cause(1213, "Deadlock"), True, True),
        (Cause(1020, "Record has changed since last read"), True, True),
        (Cause(1146, "No such table"), False, False),
    ],
)
def test_what_may_go_better_later_is_told_from_mistakes(cause, unwell, retryable):
    error = of(cause)

    assert (is_unwell(error), is_retryable(error)) == (unwell, retryable)


@pytest.mark.parametrize(
    "cause",
    [
        Cause(sqlstate="23505"),
        Cause(sqlstate="23503"),
        Cause(1062, "Duplicate"),
        Cause(sqlite_errorname="SQLITE_CONSTRAINT_UNIQUE"),
        Cause(sqlite_errorname="SQLITE_CONSTRAINT_FOREIGNKEY"),
    ],
)
def test_a_row_that_is_there_or_is_needed_is_a_conflict(cause):
    with pytest.raises(Conflict):
        answer_failure(None, of(cause, IntegrityError))


@pytest.mark.parametrize(
    "cause", [Cause(sqlstate="23502"), Cause(sqlite_errorname="SQLITE_CONSTRAINT_CHECK")]
)
def test_a_value_that_the_program_should_have_refused_stays_an_error(cause):
    answer_failure(None, of(cause, IntegrityError))


class Note(Model):
    metadata = MetaData()
    id: Mapped[UUID] = mapped_column(primary_key=True)


@pytest.mark.service("mariadb")
def test_a_uuid_that_only_mariadb_refuses_is_a_mistake_of_the_client(tmp_path, servers):
    url = empty("mariadb", tmp_path, servers)
    app = App(extensions=[Database(url, create=True, metadata=Note.metadata)])

    @app.put("/notes/{key:uuid}")
    async def put(key: UUID, db: AsyncSession) -> None:
        db.add(Note(id=key))

    with Client(app) as client:
        assert client.put(f"/notes/{UUID(int=1 << 127, version=4)}").status_code == 204
        assert client.put("/notes/e33c37f1-88dd-f918-1f49-e090328475a7").status_code == 422


def test_who_waited_or_came_late_is_answered():
    with pytest.raises(ServiceUnavailable) as raised:
        answer_wait(None, TimeoutError())
    with pytest.raises(Conflict):
        answer_stale(None, ValueError())

    assert raised.value.headers["retry-after"] == "1"


class Book(Model):
    metadata = MetaData()

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    ("read_only", "code", "hint"),
    [(True, "db.read-only", "POST"), (False, "db.not-writable", "the user of the app")],
)
def test_a_file_that_cannot_be_written_is_told_from_a_session_that_only_reads(
    tmp_path, read_only, code, hint
):
    async def main() -> None:
        database = Database(f"sqlite:///{tmp_path}/books.db", create=True, metadata=Book.metadata)
        async with database.running(), database.session(read_only=read_only) as db:
            await db.execute(text("PRAGMA query_only = ON"))  # as if the file were
            db.add(Book())

    with pytest.raises(GambrelError, match=code) as caught:
        asyncio.run(main())

    assert hint in caught.value.hint


@pytest.mark.service("postgres")
@pytest.mark.parametrize(
    ("read_only", "code"), [(True, "db.read-only"), (False, "db.not-writable")]
)
def test_a_server_that_only_reads_is_told_from_a_session_that_does(postgres, read_only, code):
    async def main() -> None:
        database = Database(postgres, create=True, metadata=Book.metadata)
        async with database.running(), database.session(read_only=read_only) as db:
            await db.execute(text("SET TRANSACTION READ ONLY"))  # as a server that follows another
            db.add(Book())

    with pytest.raises(GambrelError, match=code):
        asyncio.run(main())


def test_the_names_of_sqlite_are_those_that_it_gives():
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect("/nowhere/at/all.db").execute("SELECT 1")

    assert is_unwell(of(raised.value))
