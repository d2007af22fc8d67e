"""A dump of each database is loaded into each other, and is the same there."""

import sqlite3
import zipfile
from contextlib import closing

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Sequence,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session

from gambrel import GambrelError
from gambrel.db import Database
from gambrel.db.transfer.dumping import dump
from gambrel.db.transfer.loading import load
from gambrel.db.transfer.opening import address_of, engine_of
from tests.db.conftest import KINDS, empty
from tests.db.transfer.world import (
    ROWS,
    Base,
    Department,
    Everything,
    Node,
    Worker,
    filled,
    made,
    open_for,
)

COUNTS = {"everything": ROWS, "node": 3, "department": 1, "worker": 1}


@pytest.fixture
def dumped(sqlite, tmp_path):
    """Return the file of a dump."""
    file = tmp_path / "dump.jsonl"
    with open_for(filled(sqlite)) as connection:
        dump(connection, Base.metadata, file)
    return file


@pytest.mark.parametrize("source", KINDS)
def test_rows_move_from_each_database_to_each(source, url, servers, tmp_path):
    if source == url.partition(":")[0]:
        pytest.skip("a server has one database of ours; the same to the same is another test")
    file, back = tmp_path / "dump.zip", tmp_path / "back.zip"
    (tmp_path / "source").mkdir()
    with open_for(filled(empty(source, tmp_path / "source", servers))) as connection:
        counts = dump(connection, Base.metadata, file)

    target = made(url)
    with open_for(target, writes=True) as connection:
        loaded = load(connection, Base.metadata, file)
    with open_for(target) as connection:
        dump(connection, Base.metadata, back)

    assert counts == loaded == COUNTS
    assert content(back) == content(file)


def content(file) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read("dump.jsonl")


def test_what_counts_goes_on_behind_the_rows_that_came(dumped, url):
    if url.startswith("sqlite"):
        url = url.replace("test.db", "other.db")
    target = made(url)
    with open_for(target, writes=True) as connection:
        load(connection, Base.metadata, dumped)

    with Session(engine_of(address_of(target))) as session:
        department = Department(name="two")
        session.add(department)
        session.flush()
        worker = Worker(department=department)
        session.add(worker)
        session.commit()

        assert department.id > 1
        assert worker.id > 1


def test_rows_that_are_there_are_refused_or_replaced(dumped, sqlite):
    database = made(sqlite)

    with (
        pytest.raises(GambrelError, match="has rows already"),
        open_for(database, writes=True) as connection,
    ):
        load(connection, Base.metadata, dumped)
    with open_for(database, writes=True) as connection:
        assert load(connection, Base.metadata, dumped, replace=True) == COUNTS


@pytest.mark.service("postgres")
def test_rows_in_circles_are_replaced_on_a_server_too(dumped, postgres):
    database = made(postgres)

    for replace in (False, True):
        with open_for(database, writes=True) as connection:
            assert load(connection, Base.metadata, dumped, replace=replace) == COUNTS


def changed(file, change):
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(change(lines)))
    return file


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: lines[:20], "ends within the table"),
        (lambda lines: lines[:-3], "ends before the table"),
        (lambda lines: [one for one in lines if not one.startswith(b"[5,")], "the dump says"),
        (lambda lines: [*lines[:3], b"nonsense\n"], "is no JSON"),
        (lambda lines: [b"[1]\n", *lines], "does not begin as a dump"),
        (lambda lines: [lines[0].replace(b":1,", b":2,"), *lines[1:]], "is of version 2"),
        (lambda lines: [one.replace(b'"node"', b'"knot"') for one in lines], "no model"),
        (lambda lines: [one.replace(b'"int"', b'"date"') for one in lines], "the model has"),
        (lambda lines: [lines[0], *lines[2:]], "rows of no table"),
        (lambda lines: [b'{"gambrel":"dump","version":1,"tables":5}'], "first line of the dump"),
        (lambda lines: [lines[0], b'{"table":"node","columns":["id"]}'], "a table of the dump"),
        (
            lambda lines: [b'{"gambrel":"dump","version":1,"tables":[]}\n', *lines[1:]],
            "does not announce",
        ),
        (lambda lines: [one.replace(b'"dark blue"', b'"blue"') for one in lines], "not what"),
    ],
)
def test_a_dump_that_is_not_whole_changes_nothing(dumped, change, told, tmp_path):
    database = made(f"sqlite:///{tmp_path}/target.db")
    file = changed(dumped, change)

    with (
        pytest.raises(GambrelError) as caught,
        open_for(database, writes=True) as connection,
    ):
        load(connection, Base.metadata, file)

    assert told in str(caught.value)
    with open_for(database) as connection:
        for model in (Everything, Node, Worker, Department):
            assert connection.scalar(select(func.count()).select_from(model)) == 0


COUNTED = MetaData()
SHELF = Table("shelf", COUNTED, Column("id", Integer, primary_key=True))
BOOK = Table(
    "book",
    COUNTED,
    Column("id", Integer, Sequence("books"), primary_key=True),
    Column("shelf_id", ForeignKey("shelf.id")),
)


def counted(url: str, file, *keys: int):
    """Return a database with tables that count, and a dump of rows with these keys."""
    source = Database(f"sqlite:///{file}.db")
    with open_for(source, writes=True) as connection:
        COUNTED.create_all(connection)
        connection.execute(insert(SHELF), [{"id": key} for key in keys])
        connection.execute(insert(BOOK), [{"id": key} for key in keys])
        dump(connection, COUNTED, file)
    database = Database(url)
    with open_for(database, writes=True) as connection:
        COUNTED.create_all(connection)
    return database


@pytest.mark.parametrize(("keys", "following"), [((-1, 0), 1), ((2, 7), 8)])
def test_keys_of_any_number_come_and_named_sequences_go_on(url, tmp_path, keys, following):
    file = tmp_path / "dump.jsonl"
    database = counted(url, file, *keys)

    with open_for(database, writes=True) as connection:
        load(connection, COUNTED, file)
        for table in (SHELF, BOOK):
            assert connection.execute(insert(table)).inserted_primary_key == (following,)


def test_rows_that_others_need_are_not_removed_with_what_a_dump_has(url, tmp_path):
    file = tmp_path / "dump.jsonl"
    database = counted(url, file, 5)
    with open_for(database, writes=True) as connection:
        connection.execute(insert(SHELF).values(id=1))
        connection.execute(insert(BOOK).values(id=1, shelf_id=1))
    changed(file, lambda lines: [lines[0].replace(b',"book"', b""), *lines[1:4]])

    with (
        pytest.raises(GambrelError, match="rows of book, which is not in the dump"),
        open_for(database, writes=True) as connection,
    ):
        load(connection, COUNTED, file, replace=True)


def test_rows_that_refer_to_nobody_are_told(url, tmp_path):
    source, file = tmp_path / "source.db", tmp_path / "dump.jsonl"
    database = made(f"sqlite:///{source}")
    with closing(sqlite3.connect(source)) as connection:  # which checks no keys unless asked
        connection.execute("INSERT INTO node VALUES (1, 77)")
        connection.commit()
    with open_for(database) as connection:
        dump(connection, Base.metadata, file)

    with (
        pytest.raises(GambrelError, match="1 rows of node refer by parent_id to rows"),
        open_for(made(url), writes=True) as connection,
    ):
        load(connection, Base.metadata, file)


def test_a_file_that_is_not_there_is_told(tmp_path, sqlite):
    with (
        pytest.raises(GambrelError, match="there is no file"),
        open_for(made(sqlite), writes=True) as connection,
    ):
        load(connection, Base.metadata, tmp_path / "none.jsonl")


def test_a_database_without_the_tables_is_told(dumped, tmp_path):
    with (
        pytest.raises(GambrelError, match="no table department, everything, node, worker"),
        open_for(Database(f"sqlite:///{tmp_path}/empty.db"), writes=True) as connection,
    ):
        load(connection, Base.metadata, dumped)


def test_a_row_that_a_database_keeps_differently_is_named(dumped, tmp_path):
    database = made(f"sqlite:///{tmp_path}/target.db")
    with open_for(database, writes=True) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER shorter AFTER INSERT ON everything WHEN new.id = 7 "
            "BEGIN UPDATE everything SET text = 'x', number = 0 WHERE id = 7; END"
        )

    with (
        pytest.raises(GambrelError, match="everything 7 is not what it was in the dump: number, t"),
        open_for(database, writes=True) as connection,
    ):
        load(connection, Base.metadata, dumped)
