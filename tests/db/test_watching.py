import logging
import sys

import pytest
from sqlalchemy import select, text

from gambrel import App
from gambrel.db import AsyncSession, SyncSession
from gambrel.db.testing import queries
from gambrel.db.watching import Statement, caller_of
from gambrel.debug.extension import Debug
from gambrel.testing import Client
from tests.db.shop import Hero, make_database


def make_app(url: str, *, debug: bool = True, **settings) -> App:
    app = App(extensions=[make_database(url, **settings)], debug=debug)

    @app.post("/heroes/{name}")
    async def create(name: str, db: AsyncSession) -> None:
        db.add(Hero(name=name))

    @app.get("/one/{name}")
    async def one(name: str, db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero).where(Hero.name == name))))

    @app.get("/each")
    async def each(db: AsyncSession) -> int:
        found = 0
        for number in range(12):
            found += len(list(await db.scalars(select(Hero).where(Hero.id == number))))
        return found

    @app.get("/plain/each")
    def each_plain(db: SyncSession) -> int:
        found = 0
        for number in range(12):
            found += len(list(db.scalars(select(Hero).where(Hero.id == number))))
        return found

    return app


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "gambrel.db"]


def test_in_development_statements_are_logged_without_their_values(sqlite, caplog):
    with Client(make_app(sqlite)) as client, caplog.at_level(logging.INFO, "gambrel.db"):
        client.post("/heroes/Deadpond")

    (inserted,) = [line for line in lines(caplog) if "INSERT" in line]
    assert " ms, 1 row INSERT INTO hero" in inserted
    assert inserted.endswith("[5 values]")
    assert "Deadpond" not in "".join(lines(caplog))


def test_several_rows_at_once_are_counted_too(sqlite, caplog):
    app = make_app(sqlite)

    @app.post("/two")
    async def two(db: AsyncSession) -> None:
        db.add_all([Hero(name="A", age=1), Hero(name="B", age=2)])

    with Client(app) as client, caplog.at_level(logging.INFO, "gambrel.db"):
        assert client.post("/two").status_code == 204

    inserted = [line for line in lines(caplog) if "INSERT" in line]
    assert {line.rpartition(" [")[2] for line in inserted} <= {"5 values]", "10 values]"}
    assert inserted != []


def test_in_development_they_are_seen_though_no_log_was_set_up(sqlite, capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with Client(make_app(sqlite)) as client:
        client.post("/heroes/Deadpond")
    with Client(make_app(sqlite, debug=False)) as client:
        client.post("/heroes/Spider-Boy")

    assert capsys.readouterr().err.count("INSERT INTO hero") == 1


def test_else_they_are_not(sqlite, caplog):
    app = make_app(sqlite, debug=False)
    with Client(app) as client, caplog.at_level(logging.DEBUG, "gambrel.db"):
        client.post("/heroes/Deadpond")

    assert lines(caplog) == []


def test_a_slow_statement_is_logged(sqlite, caplog):
    app = make_app(sqlite, debug=False, slow=0.0000001)
    with Client(app) as client, caplog.at_level(logging.WARNING, "gambrel.db"):
        client.get("/one/Deadpond")

    assert any(line.startswith("slow: ") and "FROM hero" in line for line in lines(caplog))


def test_values_are_in_no_message_of_an_error(sqlite, caplog):
    app = make_app(sqlite, debug=False)

    @app.post("/broken")
    async def broken(db: AsyncSession) -> None:
        name = "-".join(("secret", "name"))  # which the lines of the trace do not have
        await db.execute(text("INSERT INTO hero (name) VALUES (:name)"), {"name": name})

    with Client(app, raise_server_errors=False) as client:
        client.post("/broken")

    assert "IntegrityError" in caplog.text
    assert "secret-name" not in caplog.text


def test_the_rows_that_were_found_are_counted(url, caplog):
    app = make_app(url)
    with Client(app) as client, caplog.at_level(logging.INFO, "gambrel.db"):
        client.post("/heroes/A")
        client.post("/heroes/B")
        client.get("/one/A")

    assert any(" ms, 1 row SELECT hero.id" in line for line in lines(caplog))


def test_a_statement_that_fails_is_logged_in_development(sqlite, caplog):
    app = make_app(sqlite)

    @app.get("/broken")
    async def broken(db: AsyncSession) -> None:
        await db.execute(text("SELECT absent FROM hero WHERE id = :id"), {"id": 77})

    with (
        Client(app, raise_server_errors=False) as client,
        caplog.at_level(logging.WARNING, "gambrel.db"),
    ):
        client.get("/broken")

    (told,) = [line for line in lines(caplog) if line.startswith("failed: ")]
    assert told.endswith(" ms SELECT absent FROM hero WHERE id = ? [1 value]")


def test_what_hears_is_told_of_failures_too(sqlite):
    app = make_app(sqlite, debug=False)

    @app.get("/broken")
    async def broken(db: AsyncSession) -> None:
        await db.execute(text("SELECT absent FROM hero"))

    with Client(app, raise_server_errors=False) as client, queries(app) as told:
        client.get("/broken")

    assert [str(one.error) for one in told] == ["no such column: absent"]


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_in_development_a_statement_is_shown_with_the_line_that_has_asked(
    sqlite, capsys, monkeypatch, prefix
):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with Client(make_app(sqlite)) as client:
        capsys.readouterr()
        client.get(f"{prefix}/each")

    shown = capsys.readouterr().err.split("    ")
    assert "FROM hero\n" in shown
    assert "WHERE hero.id = ? [1 value]\n" in shown
    assert any(part.startswith(f"at {__file__}:") for part in shown)


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_a_line_that_asks_again_and_again_is_named_once(sqlite, caplog, prefix):
    app = make_app(sqlite, log=False)
    with Client(app) as client, caplog.at_level(logging.WARNING, "gambrel.db"):
        client.get(f"{prefix}/each")

    (told,) = lines(caplog)
    assert told.startswith(f"{__file__}:")
    assert "again and again" in told


def test_statements_are_counted_in_a_test(url):
    app = make_app(url, debug=False)
    with Client(app) as client:
        client.get("/one/x")  # what a first connection asks is another matter
        with queries(app, max=2) as found:
            client.get("/one/Deadpond")

    assert [one for one in found if "FROM hero" in one.sql]


def test_more_statements_than_expected_fail_the_test_and_are_listed(sqlite):
    app = make_app(sqlite, debug=False)
    with (
        Client(app) as client,
        pytest.raises(AssertionError, match=r"12 statements where 3 were to do:\n.* SELECT"),
        queries(app, max=3),
    ):
        client.get("/each")


def test_a_list_that_asks_once_for_each_of_its_rows_fails_the_test(sqlite):
    app = make_app(sqlite, debug=False)
    with (
        Client(app) as client,
        pytest.raises(AssertionError, match=r"one statement 12 times .*together\.\n.* SELECT"),
        queries(app, same=1),
    ):
        client.get("/each")


def test_one_that_asks_once_for_each_table_passes(sqlite):
    app = make_app(sqlite, debug=False)
    with Client(app) as client, queries(app, same=1) as found:
        client.get("/one/A")

    assert len(found) == 1


def test_a_statement_is_shown_on_one_line_and_not_without_end():
    shown = str(Statement("SELECT\n  " + "x" * 5000, 0, 0.0125))

    assert shown.startswith("12.5 ms SELECT xxx")
    assert shown.endswith("x…")
    assert len(shown) < 2100


def test_who_has_asked_is_the_program_and_not_its_libraries():
    assert caller_of(sys._getframe()).startswith(__file__)


def test_the_page_of_an_error_shows_the_statement_that_failed(sqlite):
    database = make_database(sqlite, log=False)
    app = App(extensions=[database, Debug(stall=0)], debug=True)

    @app.get("/broken")
    async def broken(db: AsyncSession) -> None:
        await db.execute(text("SELECT nothing FROM nowhere WHERE id = :id"), {"id": 1})

    with Client(app, raise_server_errors=False) as client:
        page = client.get("/broken", headers={"accept": "text/html"}).text

    assert "SELECT nothing FROM nowhere" in page
    assert "no such table: nowhere" in page
