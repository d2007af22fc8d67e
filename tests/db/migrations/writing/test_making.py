import subprocess
import sys

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, Table

from gambrel import GambrelError
from gambrel.db import NAMING
from gambrel.db.migrations.checking import drift, missing
from gambrel.db.migrations.folders import MigrationFolder
from gambrel.db.migrations.history import History
from gambrel.db.migrations.writing.making import has_code, make, make_empty, merge, rebase, squash
from tests.db.migrations.writing.conftest import first, second

NEW_NAMES = {"team": "squad", "hero.name": "title", "hero.team_id": "squad_id"}


def renamed(question) -> str:
    return NEW_NAMES.get(question.full, "")


def never(question) -> str:
    raise AssertionError(question)


def test_models_become_migrations_and_back(bench, days):
    made = make(days(first), "heroes", never)
    assert (made.problems, made.drops) == ([], [])
    assert made.path is not None
    assert made.path.name == "0001_heroes.py"
    bench.up()
    assert drift(bench.project) == ([], [])
    bench.run(
        "INSERT INTO team (id) VALUES (1)",
        "INSERT INTO hero (id, name, age, colour, born, team_id) "
        "VALUES (1, 'Deadpond', 31, 'red', '2026-01-01 00:00:00', 1)",
    )

    made = make(days(second), "second day", renamed)
    assert made.problems == []
    assert made.drops == ["hero.extra"]
    assert missing(bench.project) == []
    bench.up()
    assert drift(bench.project) == ([], [])
    assert bench.rows("SELECT title, age, squad_id FROM hero") == [("Deadpond", 31, 1)]

    bench.down(["0001_heroes"])
    days(first)
    assert drift(bench.project) == ([], [])
    assert bench.rows("SELECT name, age, team_id FROM hero") == [("Deadpond", 31, 1)]


def test_where_nothing_has_changed_nothing_is_written(bench, days):
    make(days(first), "heroes", never)

    assert make(bench.project, "again", never).path is None


@pytest.mark.slow
def test_files_are_as_the_house_wants_them(bench, days):
    make(days(first), "heroes", never)
    make(days(second), "second day", renamed)
    files = sorted(map(str, bench.folder.glob("*.py")))

    for command in (
        ["ruff", "format", "--isolated", "--check"],
        ["ruff", "check", "--isolated", "--select", "E,F,W,I,UP,B"],
        ["mypy", "--strict", "--python-version", "3.11", "--config-file", ""],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command, *files], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_dropped_is_dropped_where_somebody_says_so(small):
    Table("hero", small.metadata, sa.Column("id", sa.Integer, primary_key=True))
    small.metadata.tables["hero"].append_column(sa.Column("name", sa.String(20)))
    make(small.project, "first", never)
    small.metadata = MetaData()
    Table("hero", small.metadata, sa.Column("id", sa.Integer, primary_key=True))
    small.metadata.tables["hero"].append_column(sa.Column("age", sa.Integer))
    asked = []

    made = make(small.project, "second", lambda question: asked.append(question.full) or "")

    assert asked == ["hero.name"]
    assert made.drops == ["hero.name"]
    assert "drop_column" in made.path.read_text()


def test_types_of_postgresql_get_more_values(large):
    def table(*values: str) -> None:
        large.metadata = MetaData()
        kind = sa.Enum(*values, name="mood")
        Table("hero", large.metadata, sa.Column("id", sa.Integer, primary_key=True))
        large.metadata.tables["hero"].append_column(sa.Column("mood", kind))

    table("sad")
    assert make(large.project, "first", never).problems == []
    table("sad", "glad")
    made = make(large.project, "second", never)
    assert made.problems == []
    assert 'add_enum_values("mood", "glad")' in made.path.read_text()
    table("glad")
    made = make(large.project, "third", never)
    assert made.problems == []
    assert "replace_enum" in made.path.read_text()
    large.up()
    assert drift(large.project) == ([], [])


test_types_of_postgresql_get_more_values = pytest.mark.service("postgres")(
    test_types_of_postgresql_get_more_values
)


def test_a_primary_key_may_get_more_columns(bench):
    def table(*keys: str) -> None:
        bench.metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
        columns = [sa.Column(n, sa.Integer, primary_key=n in keys) for n in ("a", "b")]
        for column in columns:
            column.nullable, column.autoincrement = False, False
        Table("seat", bench.metadata, *columns)

    table("a")
    make(bench.project, "first", never)
    table("a", "b")

    assert make(bench.project, "second", never).problems == []
    bench.up()
    assert drift(bench.project) == ([], [])


def test_an_empty_one_does_nothing_yet(small):
    path = make_empty(small.project, "fill names").path

    assert path is not None
    assert path.name == "0001_fill_names.py"
    assert small.up() == ["0001_fill_names"]
    assert small.down() == ["0001_fill_names"]


def test_tables_of_an_extension_are_its_own_and_what_refers_to_them_depends_on_it(small, tmp_path):
    user = Table("user", small.metadata, sa.Column("id", sa.Integer, primary_key=True))
    small.others = [MigrationFolder("accounts", tmp_path / "accounts", [user])]
    Table(
        "post",
        small.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.ForeignKey("user.id")),
    )

    theirs = make(small.project, "users", never, "accounts")
    ours = make(small.project, "posts", never)

    assert theirs.path == tmp_path / "accounts" / "accounts_0001_users.py"
    assert "post" not in theirs.path.read_text()
    assert 'depends_on = "accounts_0001_users"' in ours.path.read_text()
    assert (theirs.problems, ours.problems) == ([], [])
    assert small.up() == ["accounts_0001_users", "0001_posts"]


def test_a_folder_that_there_is_not_is_told(small):
    with pytest.raises(GambrelError) as caught:
        make_empty(small.project, "x", "accounts")

    assert caught.value.code == "db.no-folder"


def test_two_that_come_last_are_followed_by_one(small):
    small.write("0001_a")
    small.write("0002_b", before="0001_a")
    small.write("0002_c", before="0001_a")

    path = merge(small.project, "both")

    assert path.name == "0003_both.py"
    assert small.up() == ["0001_a", "0002_b", "0002_c", "0003_both"]


def test_one_of_two_is_put_behind_the_other(small):
    small.write("0001_a")
    small.write("0002_b", before="0001_a")
    small.write("0002_c", before="0001_a")
    small.write("0003_d", before="0002_c")
    moved, after = rebase(small.project, "0003_d")

    assert (moved.id, after.id) == ("0002_c", "0002_b")
    assert [one.id for one in small.history.ordered] == ["0001_a", "0002_b", "0002_c", "0003_d"]


def test_without_two_there_is_nothing_to_merge(small):
    small.write("0001_a")

    with pytest.raises(GambrelError) as caught:
        merge(small.project, "both")

    assert caught.value.code == "db.one-head"


def test_all_become_one_and_databases_that_have_all_have_it(bench, days):
    make(days(first), "heroes", never)
    make(days(second), "second day", renamed)
    bench.last = "0002_second_day"
    bench.write("0003_rows", "op.execute('INSERT INTO squad (id) VALUES (1)')")
    bench.up()

    done = squash(bench.project, "all")

    assert [path.name for path in bench.folder.glob("*.py")] == [done.path.name]
    assert done.with_code[-1] == "0003_rows"
    assert missing(bench.project) == []
    assert bench.up() == []
    assert History(bench.project).find("0004").replaces == "0003_rows"
    records = bench.rows("SELECT version_num FROM alembic_version")
    assert records == [(done.path.stem,)]


def test_what_a_migration_does_with_rows_is_told_though_only_a_run_would_show_it(small):
    small.write("0001_a", "from gambrel.db.migrations import batches\nfor _ in batches('x'): ...")
    small.write("0002_b", "op.create_table('y', sa.Column('id', sa.Integer(), primary_key=True))")

    assert [has_code(one) for one in small.history.ordered] == [True, False]


def test_a_database_in_the_middle_of_what_was_squashed_is_told(small):
    for name in ("0001_a", "0002_b"):
        small.write(name)
    small.up("0001")
    squash(small.project, "all")

    with pytest.raises(GambrelError) as caught:
        small.up()

    assert caught.value.code == "db.migration-newer"


def test_models_and_migrations_that_differ_are_not_squashed(small):
    for name in ("0001_a", "0002_b"):
        small.write(name)
    Table("hero", small.metadata, sa.Column("id", sa.Integer, primary_key=True))

    with pytest.raises(GambrelError) as caught:
        squash(small.project, "all")

    assert caught.value.code == "db.squash"
    assert len(list(small.folder.glob("*.py"))) == 2


def teams(bench, ondelete: str, **options) -> None:
    bench.metadata = MetaData(**options)
    Table("team", bench.metadata, sa.Column("id", sa.Integer, primary_key=True))
    Table(
        "hero",
        bench.metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("team_id", sa.ForeignKey("team.id", ondelete=ondelete)),
    )


def test_what_happens_to_rows_whose_other_row_goes_is_changed(bench):
    teams(bench, "CASCADE", naming_convention=NAMING)
    make(bench.project, "teams", never)
    teams(bench, "RESTRICT", naming_convention=NAMING)

    assert len(missing(bench.project)) == 1
    assert make(bench.project, "restricted", never).problems == []
    assert missing(bench.project) == []


def test_on_sqlite_a_key_that_is_said_at_its_column_is_seen_whole(small):
    small.write(
        "0001_teams",
        """
        op.execute("CREATE TABLE team (id INTEGER NOT NULL PRIMARY KEY)")
        op.execute(
            "CREATE TABLE hero (id INTEGER NOT NULL PRIMARY KEY, "
            "team_id INTEGER REFERENCES team ON DELETE CASCADE)"
        )
        """,
    )
    teams(small, "RESTRICT")

    (told,) = missing(small.project)

    assert "'RESTRICT'} in the models" in told
    assert "'CASCADE'} in the migrations" in told
