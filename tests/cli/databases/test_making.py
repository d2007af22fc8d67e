import pytest

from gambrel.cli.databases.making import parsed


def made(heroes) -> list[str]:
    return sorted(path.name for path in heroes.folder.glob("migrations/*.py"))


def test_a_migration_is_written_and_named(heroes, gambrel):
    result = gambrel("db", "make", heroes.app, "-m", "the first")

    assert result.exit_code == 0, result.output
    assert result.stdout == "wrote migrations/0001_the_first.py\n"
    assert "nothing to do" in gambrel("db", "make", heroes.app, "-m", "again").stdout


def test_what_was_renamed_has_to_be_said(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    heroes.change("name: Mapped[str]", "title: Mapped[str]")

    refused = gambrel("db", "make", heroes.app, "-m", "titles")
    assert refused.exit_code == 1
    assert "[db.rename] hero.name is gone, and title came" in refused.stderr
    assert "--rename hero.name=title" in refused.stderr
    assert made(heroes) == ["0001_first.py"]

    told = gambrel("db", "make", heroes.app, "-m", "titles", "--rename", "hero.name=title")
    assert told.exit_code == 0, told.output
    text = (heroes.folder / "migrations" / "0002_titles.py").read_text()
    assert 'rename_column("hero", "name", "title")' in text


def test_what_is_dropped_is_told(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    heroes.change("name: Mapped[str]", "age: Mapped[int | None]")

    told = gambrel("db", "make", heroes.app, "-m", "ages", "--drop", "hero.name")

    assert told.exit_code == 0, told.output
    assert "it drops hero.name, with what is in it" in told.stdout


def test_a_column_without_a_value_for_its_rows_is_told(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    heroes.change("name: Mapped[str]", "name: Mapped[str]\n    age: Mapped[int]")

    told = gambrel("db", "make", heroes.app, "-m", "ages")

    assert "[not-null] 0002_ages: hero.age must have a value" in told.stderr


def test_an_option_about_nothing_is_told(heroes, gambrel):
    told = gambrel("db", "make", heroes.app, "-m", "first", "--drop", "hero.old")

    assert "nothing to decide of hero.old: it is not gone" in told.stderr


def test_an_empty_one_is_written(heroes, gambrel):
    assert gambrel("db", "make", heroes.app, "-m", "rows", "--empty").exit_code == 0
    assert made(heroes) == ["0001_rows.py"]


def test_two_that_were_written_at_once_are_put_in_order(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    gambrel("db", "make", heroes.app, "-m", "a", "--empty")
    folder = heroes.folder / "migrations"
    text = (folder / "0002_a.py").read_text()
    (folder / "0002_b.py").write_text(text.replace("0002_a", "0002_b"))

    assert "[db.two-heads]" in gambrel("db", "up", heroes.app).stderr
    told = gambrel("db", "rebase", heroes.app, "0002_b")
    assert told.stdout.startswith("0002_b now comes after 0002_a")
    assert gambrel("db", "up", heroes.app).exit_code == 0

    assert "[db.one-head]" in gambrel("db", "merge", heroes.app).stderr
    squashed = gambrel("db", "squash", heroes.app)
    assert "wrote migrations/0003_squashed.py, in place of 3" in squashed.stdout
    assert "up to date" in gambrel("db", "up", heroes.app).stdout


@pytest.mark.parametrize("text", ["a", "a=", "=b"])
def test_a_rename_has_two_names(heroes, gambrel, text):
    assert gambrel("db", "make", heroes.app, "-m", "x", "--rename", text).exit_code == 2
    assert parsed("a.b=c") == ("a.b", "c")
