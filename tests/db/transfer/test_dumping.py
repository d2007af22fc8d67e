import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, insert

from gambrel import GambrelError
from gambrel.db import Database
from gambrel.db.transfer.dumping import columns_of, dump, in_order, late_keys
from gambrel.db.transfer.files import lines_of, reading
from tests.db.transfer.world import Base, Everything, Node, made, open_for


def test_a_table_comes_after_those_it_refers_to_and_circles_are_known():
    tables = in_order(Base.metadata)

    names = [table.name for table in tables]
    assert names.index("department") < names.index("worker")
    assert [key.column_keys for key in late_keys(tables)] == [["head_id"], ["parent_id"]]


def test_tables_without_a_circle_have_no_keys_that_wait():
    metadata = MetaData()
    Table("a", metadata, Column("b", ForeignKey("b.id")))
    Table("b", metadata, Column("id", Integer, primary_key=True))

    assert late_keys(in_order(metadata)) == []


def test_what_the_database_computes_is_not_dumped():
    assert "doubled" not in columns_of(Everything.__table__)


def test_a_table_that_is_missing_and_a_folder_that_is_not_there_are_told(sqlite, tmp_path):
    database = Database(sqlite)
    with open_for(database) as connection:
        with pytest.raises(GambrelError, match=r"db.no-tables.*no table") as missing:
            dump(connection, Base.metadata, tmp_path / "dump.jsonl")
        with pytest.raises(GambrelError, match=r"db.no-folder"):
            dump(connection, MetaData(), tmp_path / "nowhere" / "dump.jsonl")

    assert "gambrel db up" in missing.value.hint
    assert not (tmp_path / "dump.jsonl").exists()


def test_values_may_be_changed_on_their_way(sqlite, tmp_path):
    database, file = made(sqlite), tmp_path / "dump.jsonl"
    with open_for(database, writes=True) as connection:
        connection.execute(insert(Node).values(id=5, parent_id=5))

    with open_for(database) as connection:
        dump(connection, Base.metadata, file, lambda column, value: value + 1)

    with reading(file) as stream:
        assert [6, 6] in list(lines_of(stream))
