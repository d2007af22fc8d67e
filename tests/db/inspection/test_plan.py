from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table
from sqlalchemy.dialects import sqlite

from gambrel.db.inspection.plan import plan_of
from gambrel.db.inspection.reading import Found


def found(*tables):
    return Found([*tables], [], sqlite.dialect())


def test_a_table_of_pairs_is_no_class_unless_it_says_more():
    metadata = MetaData()
    one = Table("ones", metadata, Column("id", Integer, primary_key=True))
    two = Table("twos", metadata, Column("id", Integer, primary_key=True))
    keys = [
        Column("one", ForeignKey("ones.id"), primary_key=True),
        Column("two", ForeignKey("twos.id"), primary_key=True),
    ]
    pairs = Table("pairs", metadata, *keys)
    more = Table("more", metadata, *(one._copy() for one in keys), Column("since", Integer))

    plan = plan_of(found(one, two, pairs, more))

    assert list(plan.links) == ["pairs"]
    assert [planned.name for planned in plan.classes] == ["One", "Two", "More"]


def test_names_of_two_schemas_are_told_apart_and_those_of_the_module_are_left():
    metadata = MetaData()
    tables = [
        Table("models", metadata, Column("id", Integer, primary_key=True)),
        Table("models", metadata, Column("id", Integer, primary_key=True), schema="sales"),
    ]

    plan = plan_of(found(*tables))

    assert [planned.name for planned in plan.classes] == ["Model_2", "SalesModel"]


def test_an_enumeration_is_named_after_itself_or_its_column():
    metadata = MetaData()
    mood = Enum("a", name="mood")
    table = Table("heroes", metadata, Column("x", mood), Column("kind", Enum("b")))
    other = Table("moods", metadata, Column("x", mood))

    plan = plan_of(found(table, other))

    assert sorted(plan.enums.values()) == ["HeroKind", "MoodKind"]
