from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, inspect, select
from sqlalchemy.orm import Session, mapped_column

from gambrel.db import NAMING, FullText, Model
from gambrel.db.migrations.checking import drift, missing
from gambrel.db.migrations.writing.making import make
from gambrel.db.migrations.writing.searching import Search, changed_searches

COLUMNS = {"id": lambda: mapped_column(sa.Integer, primary_key=True)}
INSERT = "INSERT INTO {0} (id, {1}, summary) VALUES ({2}, '{3}', 'a planet')"


class Library:
    """A model that is searched, as it is on a day."""

    def __init__(self, bench, name: str, columns: list[str], *more: str, **options: str) -> None:
        self.bench = bench
        bench.metadata = MetaData(naming_convention=NAMING)
        base: Any = type("Base", (Model,), {"__abstract__": True, "metadata": bench.metadata})
        given = {one: mapped_column(sa.String(100), nullable=True) for one in [*columns, *more]}
        key = mapped_column(sa.Integer, primary_key=True)
        self.model: Any = type(name, (base,), {"id": key, **given})
        if columns:
            self.search = FullText(*(getattr(self.model, one) for one in columns), **options)

    def make(self, decide=lambda question: "") -> str:
        made = make(self.bench.project, "next", decide)
        assert made.problems == []
        assert made.path is not None
        self.bench.up()
        assert drift(self.bench.project) == ([], [])
        return made.path.read_text()

    def found(self, text: str) -> list[int]:
        asked = select(self.model.id).where(self.search.matches(text)).order_by(self.model.id)
        return self.bench.within(lambda c: list(Session(c).scalars(asked)))


def test_what_is_searched_is_made_kept_changed_and_removed(bench):
    """With a table, over a table that is made anew, with other names, and back."""
    library = Library(bench, "Book", ["title", "summary"])
    code = library.make()
    assert 'create_full_text("book", ["title", "summary"])\n' in code
    assert 'drop_full_text("book")\n' in code
    bench.run(INSERT.format("book", "title", 1, "Dune"))
    assert make(bench.project, "again", lambda question: "").path is None

    library = Library(bench, "Book", ["title", "summary"], "isbn")
    library.model.__table__.append_constraint(sa.CheckConstraint("isbn <> ''", name="isbn"))
    assert "full_text" not in library.make()
    bench.run(INSERT.format("book", "title", 2, "Emma"))
    assert (library.found("dune"), library.found("emma")) == ([1], [2])

    names = {"book": "tome", "tome.title": "name"}
    library = Library(bench, "Tome", ["name", "summary"], "isbn", language="english")
    code = library.make(lambda question: names[question.full])
    wanted = 'create_full_text("tome", ["name", "summary"], language="english", concurrently=True)'
    assert wanted in " ".join(code.split()).replace("( ", "(").replace(" )", ")")
    bench.run(INSERT.format("tome", "name", 3, "Dune Messiah"))
    assert (library.found("dune"), library.found("planets -emma")) in (
        ([1, 3], [1, 3]),
        ([1, 3], []),  # MariaDB knows no stems
    )

    bench.down([bench.history.ordered[1].id])
    library = Library(bench, "Book", ["title", "summary"], "isbn")
    library.model.__table__.append_constraint(sa.CheckConstraint("isbn <> ''", name="isbn"))
    assert drift(bench.project) == ([], [])
    bench.run(INSERT.format("book", "title", 4, "Dune Chronicles"))
    assert library.found("dune") == [1, 3, 4]

    bench.down()
    assert sorted(bench.within(lambda c: inspect(c).get_table_names())) == [
        "alembic_version",
        "gambrel_migration",
    ]


def test_a_table_in_use_is_searched_from_now_on(bench):
    Library(bench, "Book", [], "title", "summary").make()
    bench.run(INSERT.format("book", "title", 1, "Dune"))

    library = Library(bench, "Book", ["title", "summary"])
    told = missing(bench.project)
    library.make()

    assert len(told) == 1
    assert "search" in told[0]
    assert library.found("dune") == [1]


def test_a_language_that_only_postgresql_tells_from_another_is_seen_everywhere(small):
    Library(small, "Book", ["title"], language="german").make()
    Library(small, "Book", ["title"], language="french")

    assert missing(small.project) == [
        "book search: (title) french in the models, (title) german in the migrations"
    ]


def test_triggers_that_are_gone_are_told(small):
    library = Library(small, "Book", ["title"])
    library.make()
    small.run("DROP TRIGGER book_search_insert")

    (told,), strangers = drift(small.project)

    assert told.startswith("book search: ")
    assert strangers == []


def test_an_index_that_was_made_by_hand_is_left_alone(small):
    library = Library(small, "Book", ["title"])
    small.write("0001_all", "pass")

    assert changed_searches(library.bench.metadata, small.history, []) == []
    assert Search("book", None, (("title",), "simple")).told().startswith("book search: (title)")


@pytest.mark.parametrize("columns", [["title"], ["summary", "title"]])
def test_a_search_of_other_columns_is_another(small, columns):
    Library(small, "Book", ["title", "summary"]).make()
    Library(small, "Book", columns, *{"title", "summary"}.difference(columns))

    (told,) = missing(small.project)

    assert f"({', '.join(columns)}, content" in told.replace('"', "")
