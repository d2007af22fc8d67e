"""That keys hold again afterwards; that rows come at all is shown in `test_loading.py`."""

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from gambrel.db.transfer.dumping import in_order
from gambrel.db.transfer.rules import go_on_counting, relaxed
from tests.db.transfer.world import Base, Node, made, open_for


def test_rows_come_before_those_they_refer_to_and_keys_hold_afterwards(url):
    database, tables = made(url), in_order(Base.metadata)

    with open_for(database, writes=True) as connection, relaxed(connection, tables):
        connection.execute(insert(Node).values(id=1, parent_id=2))
        connection.execute(insert(Node).values(id=2, parent_id=1))

    with pytest.raises(DBAPIError), open_for(database, writes=True) as connection:
        connection.execute(insert(Node).values(id=3, parent_id=99))


@pytest.mark.service("postgres")
def test_keys_of_postgresql_are_as_strict_as_before(postgres):
    database = made(postgres)
    asked = text(
        "SELECT conname, condeferrable FROM pg_constraint WHERE contype = 'f' ORDER BY conname"
    )
    always = text("SELECT attidentity FROM pg_attribute WHERE attrelid = 'department'::regclass")
    with open_for(database) as connection:
        before = connection.execute(asked).all(), connection.execute(always).all()

    with open_for(database, writes=True) as connection:
        with relaxed(connection, in_order(Base.metadata)):
            pass
        for table in in_order(Base.metadata):
            go_on_counting(connection, table)

    with open_for(database) as connection:
        assert (connection.execute(asked).all(), connection.execute(always).all()) == before
