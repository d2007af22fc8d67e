"""Lines of single columns; whole schemas are in `test_writing.py`."""

import pytest

from tests.db.inspection.roundtrip import engine_of, run_sql, write


def written(url, *columns):
    """Return the lines of a table's columns, without spaces before them."""
    engine = engine_of(url)
    run_sql(engine, f"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, {', '.join(columns)})")
    return [line.strip() for line in write(engine).splitlines()]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("name VARCHAR NOT NULL", "name: Mapped[str]"),
        ("name VARCHAR(8)", "name: Mapped[str | None] = mapped_column(String(8))"),
        (
            "n INTEGER NOT NULL DEFAULT 3",
            'n: Mapped[int] = mapped_column(server_default=text("3"))',
        ),
        (
            "s VARCHAR NOT NULL DEFAULT 'x'",
            's: Mapped[str] = mapped_column(server_default="x")',
        ),
        (
            "other INTEGER REFERENCES t (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            'ForeignKey("t.id", ondelete="CASCADE")',
        ),
        ("q VARCHAR UNIQUE", "q: Mapped[str | None] = mapped_column(unique=True)"),
    ],
)
def test_a_column_says_what_its_annotation_does_not(sqlite, sql, expected):
    lines = written(sqlite, sql)

    assert any(expected in line for line in lines)


@pytest.mark.service("postgres")
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("n integer GENERATED ALWAYS AS IDENTITY (START 5)", "Identity(always=True, start=5)"),
        (
            "o integer REFERENCES t ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
            '"t.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"',
        ),
        ("c text NOT NULL, CHECK (c <> ':x')", r'CheckConstraint("c <> '),
    ],
)
def test_what_postgresql_adds_is_kept(postgres, sql, expected):
    assert any(expected in line for line in written(postgres, sql))
