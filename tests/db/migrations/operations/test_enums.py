import pytest

from gambrel.db.migrations.operations.enums import as_renamed, literal

TABLE = """
create_enum("mood", ["sad", "it's: ok"])
op.execute("CREATE TABLE hero (id integer, mood mood)")
op.execute("INSERT INTO hero VALUES (1, 'sad')")
"""


@pytest.mark.service("postgres")
def test_a_type_is_made_extended_replaced_and_dropped(large):
    large.write("0001_made", TABLE)
    large.write("0002_more", 'add_enum_values("mood", "glad", "glad")')
    large.write(
        "0003_other", 'replace_enum("mood", ["blue", "glad"], [("hero", "mood")], sad="blue")'
    )
    large.write("0004_gone", 'op.execute("DROP TABLE hero")\ndrop_enum("mood")')
    values = "SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum"

    large.up("0001")
    assert large.rows(values) == [(["sad", "it's: ok"],)]
    large.up("0002")
    assert large.rows(values) == [(["sad", "it's: ok", "glad"],)]
    large.up("0003")
    assert large.rows(values) == [(["blue", "glad"],)]
    assert large.rows("SELECT mood::text FROM hero") == [("blue",)]
    large.up()
    assert large.rows(values) == [(None,)]


def test_elsewhere_there_are_none(small):
    small.write(
        "0001_made",
        """
        create_enum("mood", ["sad"])
        add_enum_values("mood", "glad")
        replace_enum("mood", ["sad"], [])
        drop_enum("mood")
        """,
    )

    assert small.up() == ["0001_made"]


def test_values_are_quoted():
    assert literal("it's: ok") == "'it''s\\: ok'"
    assert (
        as_renamed("a", {"x": "y"})
        == "CASE CAST(a AS text) WHEN 'x' THEN 'y' ELSE CAST(a AS text) END"
    )
