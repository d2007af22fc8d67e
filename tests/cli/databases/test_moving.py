import pytest


@pytest.fixture
def two(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    gambrel("db", "make", heroes.app, "-m", "second", "--empty")
    return heroes


def lines(result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.partition(" (")[0] for line in result.stdout.splitlines()]


def test_up_and_down_tell_what_they_do(two, gambrel):
    assert lines(gambrel("db", "up", two.app, "--to", "0001")) == ["up 0001_first"]
    assert lines(gambrel("db", "up", two.app)) == ["up 0002_second"]
    assert lines(gambrel("db", "up", two.app)) == ["the database is up to date"]

    assert lines(gambrel("db", "down", two.app)) == ["down 0002_second"]
    assert lines(gambrel("db", "up", two.app)) == ["up 0002_second"]
    downs = ["down 0002_second", "down 0001_first"]
    assert lines(gambrel("db", "down", two.app, "--to", "base")) == downs
    assert lines(gambrel("db", "down", two.app)) == ["nothing is applied that could be undone"]


def test_without_migrations_one_is_told_how_to_begin(heroes, gambrel):
    result = gambrel("db", "up", heroes.app)

    assert result.exit_code == 1
    assert "[db.no-migrations]" in result.stderr
    assert f"gambrel db make {heroes.app} -m NAME" in result.stderr


def test_a_database_that_was_made_otherwise_is_stamped(two, gambrel):
    assert gambrel("db", "stamp", two.app, "0001").stdout == "stamped 0001_first\n"

    assert lines(gambrel("db", "up", two.app)) == ["up 0002_second"]


def test_an_unknown_revision_is_told(two, gambrel):
    result = gambrel("db", "up", two.app, "--to", "0009")

    assert "[db.no-revision]" in result.stderr
    assert "0002_second" in result.stderr


@pytest.mark.service("postgres")
def test_what_hurts_on_postgresql_is_refused_once_the_database_is_in_use(
    two, gambrel, postgres, monkeypatch
):
    monkeypatch.setenv("GAMBREL_DATABASE_URL", postgres)
    two.app = two.write()  # another file, which reads the environment anew
    path = two.folder / "migrations" / "0002_second.py"
    drop = 'from alembic import op\n\n    op.drop_column("hero", "name")'
    path.write_text(path.read_text().replace("    pass", f"    {drop}", 1))
    gambrel("db", "up", two.app, "--to", "0001", "--unsafe")

    refused = gambrel("db", "up", two.app)
    assert refused.exit_code == 1
    assert "[drop] 0002_second: hero.name is dropped" in refused.stderr
    assert 'accepted = ["drop"]' in refused.stderr

    path.write_text(path.read_text() + '\nphase = "contract"\n')
    assert lines(gambrel("db", "up", two.app, "--expand")) == ["the database is up to date"]
    assert lines(gambrel("db", "up", two.app)) == ["up 0002_second"]
