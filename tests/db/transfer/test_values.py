import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, insert, text, types
from sqlalchemy.dialects import postgresql

from gambrel.db import Database, Exact, Moment
from gambrel.db.transfer.dumping import dump
from gambrel.db.transfer.loading import load
from gambrel.db.transfer.values import codec_of
from tests.db.transfer.world import open_for


def there_and_back(kind, value):
    codec = codec_of(Column("x", kind))
    return codec.from_json(msgspec.json.decode(msgspec.json.encode(codec.to_json(value))))


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (types.Integer(), st.integers()),
        (types.Boolean(), st.booleans()),
        (types.Text(), st.text(st.characters(exclude_categories=["Cs"]))),
        (types.LargeBinary(), st.binary()),
        (types.Numeric(), st.decimals(allow_nan=False, allow_infinity=False)),
        (types.Double(), st.floats(allow_nan=False)),
        (types.Date(), st.dates()),
        (types.Time(), st.times()),
        (types.DateTime(), st.datetimes()),
        (types.Interval(), st.timedeltas()),
        (types.Uuid(), st.uuids()),
        (postgresql.ARRAY(types.Integer()), st.lists(st.none() | st.integers())),
    ],
    ids=lambda one: type(one).__name__,
)
def test_values_come_back_as_they_were(kind, values):
    @given(values)
    def check(value):
        assert there_and_back(kind, value) == value

    check()


def test_a_moment_is_in_utc_whatever_its_offset():
    moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    codec = codec_of(Column("x", Moment()))

    assert codec.to_json(moment) == "2026-01-01T10:00:00+00:00"
    assert codec.from_json(codec.to_json(moment)) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Exact(), Decimal("1.5000"), "1.5"),
        (types.Double(), math.inf, "inf"),
        (types.Time(), timedelta(hours=2), "02:00:00"),
        (types.Date(), date(2026, 1, 2), "2026-01-02"),
        (types.Time(), time(1, 2), "01:02:00"),
        (types.Uuid(), UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_databases_that_differ_in_form_write_the_same(kind, value, expected):
    assert codec_of(Column("x", kind)).to_json(value) == expected


@pytest.mark.parametrize("found", ["null", '{"a": [1, null]}', '"x"'])
def test_json_is_kept_and_its_null_is_a_value(found):
    codec = codec_of(Column("x", types.JSON()))

    written = msgspec.json.encode(codec.to_json(found))

    assert msgspec.json.decode(written) == [msgspec.json.decode(found)]
    bound = codec.from_json(msgspec.json.decode(written))
    assert bound is types.JSON.NULL if found == "null" else bound == msgspec.json.decode(found)


@pytest.mark.service("postgres")
def test_types_of_postgresql_alone_are_texts_that_it_reads_again(postgres, tmp_path):
    metadata = MetaData()
    table = Table(
        "odd",
        metadata,
        Column("id", types.Integer, primary_key=True),
        Column("host", postgresql.INET),
        Column("span", postgresql.INT4RANGE),
        Column("tags", postgresql.ARRAY(types.Text)),
        Column("bits", postgresql.BIT(3)),
    )
    database = Database(postgres)
    with open_for(database, writes=True) as connection:
        metadata.create_all(connection)
        connection.execute(
            text("INSERT INTO odd VALUES (1, '10.0.0.0/8', '[1,5)', '{a,NULL}', B'101')")
        )
        connection.execute(insert(table).values(id=2))
    with open_for(database) as connection:
        dump(connection, metadata, tmp_path / "dump.jsonl")

    with open_for(database, writes=True) as connection:
        assert load(connection, metadata, tmp_path / "dump.jsonl", replace=True) == {"odd": 2}
