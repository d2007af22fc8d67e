import pytest
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql, sqlite

from gambrel.db.inspection.imports import Imports
from gambrel.db.inspection.kinds import Kinds, ddl_of, generic, key_of
from gambrel.db.inspection.verbatim import Verbatim

POSTGRES, MYSQL, SQLITE = postgresql.dialect(), mysql.dialect(), sqlite.dialect()


@pytest.mark.parametrize(
    ("kind", "dialect", "expected"),
    [
        (postgresql.INTEGER(), POSTGRES, ("int", "")),
        (postgresql.TIMESTAMP(timezone=True), POSTGRES, ("datetime", "")),
        (postgresql.TIMESTAMP(), POSTGRES, ("datetime", "DateTime")),
        (postgresql.VARCHAR(20), POSTGRES, ("str", "String(20)")),
        (postgresql.VARCHAR(), POSTGRES, ("str", "")),
        (postgresql.TEXT(), POSTGRES, ("str", "Text")),
        (postgresql.NUMERIC(10, 2), POSTGRES, ("Decimal", "Numeric(10, 2)")),
        (postgresql.NUMERIC(19, 4), POSTGRES, ("Decimal", "")),
        (postgresql.ARRAY(postgresql.TEXT()), POSTGRES, ("list[str]", "ARRAY(Text)")),
        (postgresql.HSTORE(), POSTGRES, ("dict[str, str | None]", "HSTORE")),
        (postgresql.INT4RANGE(), POSTGRES, ("Range[int]", "INT4RANGE")),
        (postgresql.INET(), POSTGRES, ("Any", "INET")),
        (postgresql.JSONB(), POSTGRES, ("Any", "JSONB")),
        (Verbatim("point"), POSTGRES, ("Any", 'Verbatim("point")')),
        (mysql.INTEGER(display_width=11), MYSQL, ("int", "")),
        (mysql.INTEGER(unsigned=True), MYSQL, ("int", "INTEGER(unsigned=True)")),
        (mysql.TINYINT(display_width=1), MYSQL, ("bool", "")),
        (mysql.DATETIME(fsp=6), MYSQL, ("datetime", "DATETIME(fsp=6)")),
        (mysql.SET("a", "b"), MYSQL, ("set[str]", 'SET("a", "b")')),
        (sqlite.DATETIME(), SQLITE, ("datetime", "DateTime")),
        (types.NVARCHAR(8), SQLITE, ("str", 'String(8).with_variant(NVARCHAR(8), "sqlite")')),
        (types.NVARCHAR(), SQLITE, ("str", 'String().with_variant(NVARCHAR, "sqlite")')),
        (types.NCHAR(8), SQLITE, ("str", 'CHAR(8).with_variant(NCHAR(8), "sqlite")')),
        (types.REAL(), SQLITE, ("float", 'Double().with_variant(REAL, "sqlite")')),
        (types.REAL(), POSTGRES, ("float", "REAL")),
        (types.BINARY(4), SQLITE, ("bytes", 'LargeBinary().with_variant(BINARY(4), "sqlite")')),
    ],
)
def test_a_type_is_written_as_one_of_all_databases_where_it_is_the_same(kind, dialect, expected):
    written = Kinds(dialect, Imports(), {}, is_ours=False).kind(kind)

    assert (written.annotation, written.expression) == expected


def test_times_of_a_database_of_ours_are_moments():
    kinds = Kinds(SQLITE, Imports(), {}, is_ours=True)

    assert kinds.kind(sqlite.DATETIME()).expression == ""


def test_an_enumeration_is_its_class():
    kind = types.Enum("a", "b", name="mood", schema="sales")

    written = Kinds(POSTGRES, Imports(), {key_of(kind): "Mood"}, is_ours=False).kind(kind)

    assert written.annotation == "Mood"
    assert written.expression == (
        'Enum(Mood, name="mood", schema="sales", values_callable=values_of)'
    )


def test_a_domain_keeps_its_name_and_its_rule():
    kind = postgresql.DOMAIN(
        "email", postgresql.TEXT(), check="VALUE ~ '@'", constraint_name="is_mail", not_null=True
    )

    written = Kinds(POSTGRES, Imports(), {}, is_ours=False).kind(kind)

    assert written.annotation == "str"
    assert written.expression == (
        'DOMAIN("email", Text, check="VALUE ~ \'@\'", constraint_name="is_mail", not_null=True)'
    )


def test_what_cannot_be_told_to_a_database_has_no_text():
    assert ddl_of(types.NullType(), SQLITE) == ""
    assert isinstance(generic(types.NullType(), SQLITE), types.NullType)
