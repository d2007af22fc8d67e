import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gambrel import GambrelError
from gambrel.db import Database
from gambrel.db.connections.urls import parse_address
from gambrel.db.transfer.opening import address_of, connected


def test_what_is_written_is_there_at_the_end_and_nothing_after_an_error(url, tmp_path):
    address = parse_address(url, tmp_path)
    with connected(address, writes=True) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))

    def break_off() -> None:
        with connected(address, writes=True) as connection:
            connection.execute(text("INSERT INTO t VALUES (1)"))
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))

    with pytest.raises(DBAPIError):
        break_off()

    with connected(address, writes=False) as connection:
        assert connection.scalar(text("SELECT count(*) FROM t")) == 0


def test_a_reader_sees_one_moment(url, tmp_path):
    address = parse_address(url, tmp_path)
    with connected(address, writes=True) as connection:
        connection.execute(text("CREATE TABLE t (n INTEGER)"))

    with connected(address, writes=False) as reader:
        before = reader.scalar(text("SELECT count(*) FROM t"))
        with connected(address, writes=True) as writer:
            writer.execute(text("INSERT INTO t VALUES (1)"))
        after = reader.scalar(text("SELECT count(*) FROM t"))

    assert (before, after) == (0, 0)


def test_a_database_in_memory_and_a_server_that_is_not_there_are_told():
    with pytest.raises(GambrelError) as caught:
        address_of(Database("sqlite://"))
    assert caught.value.code == "db.in-memory"

    address = address_of(Database("postgresql://user:secret@127.0.0.1:1/x"))
    with pytest.raises(GambrelError) as caught, connected(address, writes=False):
        pass
    assert caught.value.code == "db.unreachable"
    assert "secret" not in str(caught.value)
