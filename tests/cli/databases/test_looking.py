import json


def test_migrations_are_listed_with_what_the_database_has(heroes, gambrel):
    assert gambrel("db", "show", heroes.app).stdout == "there are no migrations\n"
    gambrel("db", "make", heroes.app, "-m", "first")
    gambrel("db", "up", heroes.app)
    gambrel("db", "make", heroes.app, "-m", "second", "--empty")

    first, second = gambrel("db", "show", heroes.app).stdout.splitlines()
    assert first.startswith("[x] 0001_first  20")
    assert second == "[ ] 0002_second"

    data = json.loads(gambrel("db", "show", heroes.app, "--json").stdout)
    assert [(one["revision"], one["state"]) for one in data] == [
        ("0001_first", "applied"),
        ("0002_second", "pending"),
    ]


def test_check_names_what_is_missing(heroes, gambrel):
    found = gambrel("db", "check", heroes.app)
    assert found.exit_code == 1
    assert "missing: hero: in the models, not in the migrations\n" in found.stdout

    gambrel("db", "make", heroes.app, "-m", "first")
    assert gambrel("db", "check", heroes.app).stdout == "no problems\n"

    heroes.change("name: Mapped[str]", "name: Mapped[str]\n    age: Mapped[int | None]")
    data = json.loads(gambrel("db", "check", heroes.app, "--json").stdout)
    assert data == [{"kind": "missing", "text": "hero.age: in the models, not in the migrations"}]


def test_check_looks_at_the_database_where_it_is_asked_to(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    pending = gambrel("db", "check", heroes.app, "--drift")
    assert pending.exit_code == 1
    assert "pending: 0001_first" in pending.stdout

    gambrel("db", "up", heroes.app)
    assert gambrel("db", "check", heroes.app, "--drift").exit_code == 0


def test_check_finds_what_is_unsafe_where_it_is_asked_to(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")
    heroes.change("    name: Mapped[str]\n", "")
    gambrel("db", "make", heroes.app, "-m", "second")

    assert gambrel("db", "check", heroes.app).exit_code == 0
    linted = gambrel("db", "check", heroes.app, "--lint")
    assert linted.exit_code == 1
    assert "unsafe: [drop] 0002_second" in linted.stdout


def test_sql_is_written_and_not_run(heroes, gambrel):
    gambrel("db", "make", heroes.app, "-m", "first")

    written = gambrel("db", "sql", heroes.app)

    assert "CREATE TABLE hero" in written.stdout
    assert not (heroes.folder / "instance").exists()
