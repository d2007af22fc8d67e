import asyncio

import pytest
from sqlalchemy import select, text

from gambrel import App
from gambrel.db import AsyncSession, SyncSession
from gambrel.db.visible.spans import safe_text, summary_of
from gambrel.observability.tracing import Tracing
from gambrel.testing import Client
from tests.db.shop import Hero, make_database
from tests.observability.tracing.spans import Spans


@pytest.mark.parametrize(
    ("sql", "summary", "operation", "table"),
    [
        ("SELECT a FROM hero WHERE id = 3", "SELECT hero", "SELECT", "hero"),
        ("select * from hero\nJOIN team ON 1", "SELECT hero team", "SELECT", ""),
        ("SELECT 1 FROM \"order\" WHERE x = 'FROM b'", "SELECT order", "SELECT", "order"),
        ("INSERT INTO shop.hero (a) VALUES (1)", "INSERT shop.hero", "INSERT", "shop.hero"),
        ("INSERT INTO a SELECT x FROM b", "INSERT a SELECT b", "INSERT", ""),
        ("UPDATE hero SET a = 1", "UPDATE hero", "UPDATE", "hero"),
        ("DELETE FROM ONLY hero", "DELETE hero", "DELETE", "hero"),
        ("SELECT a FROM (SELECT b FROM c)", "SELECT SELECT c", "SELECT", "c"),
        ("WITH x AS (SELECT 1 FROM a) DELETE FROM a", "SELECT a a", "SELECT", "a"),
        ("/*route='FROM%20x'*/ SELECT 1 -- FROM y", "SELECT", "SELECT", ""),
        ("CREATE TABLE IF NOT EXISTS hero (id INT)", "CREATE hero", "CREATE", "hero"),
        ("PRAGMA user_version", "PRAGMA", "PRAGMA", ""),
        ("", "SQL", "SQL", ""),
    ],
)
def test_a_summary_is_what_is_done_with_which_tables(sql, summary, operation, table):
    assert summary_of(sql) == (summary, operation, table)


def test_a_summary_has_an_end():
    assert len(summary_of("SELECT 1 FROM " + " JOIN ".join(["t" * 60] * 20))[0]) == 255


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'hunter2', 'it''s', 12, 3.5", "SELECT ?, ?, ?, ?"),
        ("SELECT 0xFACE, 1e5, .5, 12.5e-3, 1_000, a%7", "SELECT ?, ?, ?, ?, ?, a%?"),
        ("SELECT 'never hunter2 ends", "SELECT ?"),
        ("SELECT 'a' /* never hunter2 ends", "SELECT ?"),
        ("SELECT a1 FROM t2 WHERE b = $1 AND c = %(d_1)s", None),
        ("SELECT a /* hunter2 */ FROM b -- hunter2", "SELECT a FROM b"),
        ('SELECT "a 1" FROM b', None),
    ],
)
def test_values_in_sql_by_hand_are_not_told(sql, told):
    assert safe_text(sql) == (told or sql)


@pytest.mark.parametrize(
    ("kind", "sql", "told"),
    [
        ("postgresql", "SELECT $$hunter2's$$, $a$hunter2 $$ $a$, $1", "SELECT ?, ?, $1"),
        ("postgresql", r"SELECT E'it\'s hunter2', 'x\', 'y'", "SELECT ?, ?, ?"),
        ("postgresql", 'SELECT name FROM "order" WHERE one$two = 1', None),
        ("mariadb", r"""SELECT 'it\'s hunter2', "a\"b", `a b` # x""", "SELECT ?, ?, `a b`"),
        ("mariadb", "SELECT 'hunter2\\", "SELECT ?"),
        ("sqlite", r"SELECT 'x\', 'hunter2'", "SELECT ?, ?"),
    ],
)
def test_each_kind_of_database_has_quotes_of_its_own(kind, sql, told):
    assert safe_text(sql, kind) == (told or sql.replace("1", "?"))


def test_a_summary_is_of_no_value():
    assert summary_of("SELECT $$ FROM hunter2 $$", "postgresql")[0] == "SELECT"
    assert summary_of('SELECT " FROM hunter2 "', "mariadb")[0] == "SELECT"


def make_app(url: str, spans: Spans) -> App:
    app = App(extensions=[make_database(url), Tracing(provider=spans.provider)])

    @app.get("/heroes/{name}")
    async def one(name: str, db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero).where(Hero.name == name))))

    @app.get("/plain/heroes/{name}")
    def one_plain(name: str, db: SyncSession) -> int:
        return len(list(db.scalars(select(Hero).where(Hero.name == name))))

    @app.get("/broken")
    async def broken(db: AsyncSession) -> None:
        await db.execute(text("SELECT absent FROM hero WHERE name = 'hunter2'"))

    return app


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_each_statement_is_a_span_below_that_of_its_request(url, prefix):
    spans = Spans()
    with Client(make_app(url, spans)) as client:
        client.get(f"{prefix}/heroes/hunter2")

    statement, request = [one for one in spans.all() if one.name != "SELECT"][-2:]
    told = dict(statement.attributes or {})
    assert statement.name == told["db.query.summary"] == "SELECT hero"
    assert statement.kind.name == "CLIENT"
    assert statement.parent is not None
    assert request.context is not None
    assert statement.parent.span_id == request.context.span_id
    assert statement.start_time is not None
    assert request.start_time is not None
    assert request.start_time <= statement.start_time <= (statement.end_time or 0)
    assert told["db.system.name"] == url.partition(":")[0]
    assert told["db.operation.name"] == "SELECT"
    assert told["db.collection.name"] == "hero"
    assert told["db.namespace"]
    assert "hunter2" not in str(told)


def test_a_statement_that_fails_is_an_error_with_the_code_of_its_database(url):
    spans = Spans()
    with Client(make_app(url, spans), raise_server_errors=False) as client:
        client.get("/broken")

    (failed,) = [one for one in spans.all() if one.name == "SELECT hero"]
    told = dict(failed.attributes or {})
    codes = {"sqlite": "SQLITE_ERROR", "postgresql": "42703", "mariadb": "1054"}
    assert failed.status.status_code.name == "ERROR"
    assert told["db.response.status_code"] == codes[url.partition(":")[0]]
    assert str(told["error.type"]).endswith(("OperationalError", "UndefinedColumn"))
    assert "hunter2" not in str(told)


def test_what_is_asked_outside_of_a_request_has_no_span(sqlite):
    spans = Spans()
    app = make_app(sqlite, spans)

    async def count(db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero))))

    async def main() -> None:
        async with app.running():
            await app.call(count)

    asyncio.run(main())

    assert spans.all() == []
