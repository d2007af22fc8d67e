import pytest
from sqlalchemy import Column, Integer, Table

from gambrel import GambrelError
from gambrel.db.migrations.checking import drift, missing, pending_risks, status

HERO = 'op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))'


def model(bench, *columns: str) -> None:
    Table(
        "hero",
        bench.metadata,
        Column("id", Integer, primary_key=True),
        *(Column(name, Integer) for name in columns),
    )


def test_what_models_have_and_migrations_lack_is_told_and_the_other_way(bench):
    model(bench, "age")
    bench.write("0001_hero", f'{HERO}\nop.create_table("old", sa.Column("id", sa.Integer()))')

    assert missing(bench.project) == [
        "hero.age: in the models, not in the migrations",
        "old: in the migrations, not in the models",
    ]


def test_nothing_is_told_where_they_are_alike(bench):
    model(bench)
    bench.write("0001_hero", HERO)

    assert missing(bench.project) == []


def test_a_database_that_was_changed_by_hand_is_told(bench):
    model(bench, "age")
    bench.write("0001_hero", f'{HERO}\nop.add_column("hero", sa.Column("age", sa.Integer()))')
    bench.up()
    assert drift(bench.project) == ([], [])

    bench.run(
        "ALTER TABLE hero ADD COLUMN extra integer",
        "CREATE INDEX by_hand ON hero (age)",
        "CREATE TABLE stranger (id integer)",
    )

    told, strangers = drift(bench.project)
    assert strangers == ["stranger"]
    assert told == [
        "hero.extra: in the database, not in the models",
        "hero index by_hand: in the database, not in the models",
    ]


def test_the_state_of_each_revision_is_told(small):
    small.write("0001_hero", HERO)
    small.write("0002_edited", "op.execute('SELECT 1')")
    small.write("0003_lost")
    small.up()
    (small.folder / "0003_lost.py").unlink()
    path = small.folder / "0002_edited.py"
    path.write_text(path.read_text().replace("SELECT 1", "SELECT 2"))
    small.write("0003_next", before="0002_edited", more='phase = "contract"\n')

    found = status(small.project)

    assert [(one.revision, one.state, one.phase) for one in found] == [
        ("0001_hero", "pending", "expand"),
        ("0002_edited", "edited", "expand"),
        ("0003_next", "pending", "contract"),
        ("0003_lost", "unknown", "expand"),
    ]


def test_a_migration_that_was_broken_off_is_told(small):
    small.write("0001_hero", f"{HERO}\nfor rows in batches('hero'):\n    pass\nraise ValueError(1)")
    with pytest.raises(ValueError, match="1"):
        small.up()

    assert [one.state for one in status(small.project)] == ["broken off"]


@pytest.mark.service("postgres")
def test_a_new_database_may_be_made_in_any_way(large):
    large.write("0001_hero", HERO)
    large.write("0002_drop", 'op.drop_table("hero")')
    assert pending_risks(large.project) == []

    large.up("0001")

    assert [one.rule for one in pending_risks(large.project)] == ["drop"]


def test_two_last_ones_are_told_first(small):
    small.write("0001_a", before=None)
    small.write("0001_b", before=None)

    with pytest.raises(GambrelError) as caught:
        missing(small.project)

    assert caught.value.code == "db.two-heads"
