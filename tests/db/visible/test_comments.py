import pytest
from sqlalchemy import select, text

from gambrel import App, GambrelError
from gambrel.db import AsyncSession, SyncSession
from gambrel.db.testing import queries
from gambrel.db.visible.comments import comment_of, fields_of
from gambrel.testing import Client
from tests.db.shop import Hero, make_database


def make_app(url: str, **settings) -> App:
    app = App(extensions=[make_database(url, **settings)])

    @app.get("/heroes/{name}")
    async def one(name: str, db: AsyncSession) -> int:
        return len(list(await db.scalars(select(Hero).where(Hero.name == name))))

    @app.get("/plain/heroes/{name}")
    def one_plain(name: str, db: SyncSession) -> int:
        return len(list(db.scalars(select(Hero).where(Hero.name == name))))

    @app.post("/heroes/{name}")
    async def create(name: str, db: AsyncSession) -> int:
        db.add_all([Hero(name=name), Hero(name=f"{name} II")])
        await db.flush()
        return await db.scalar(text("SELECT count(*) FROM hero WHERE name LIKE '%%' || ''")) or 0

    return app


BOTH = pytest.mark.parametrize("prefix", ["", "/plain"])


@BOTH
def test_statements_say_which_route_has_asked(url, prefix):
    with (
        Client(make_app(url, comments="route")) as client,
        queries(make_none := client.app) as told,
    ):
        client.get(f"{prefix}/heroes/100%25")

    del make_none
    (sql,) = [one.sql for one in told if "FROM hero" in one.sql]
    route = f"GET%20{prefix.replace('/', '%2F')}%2Fheroes%2F%7Bname%7D"
    assert sql.replace("%%", "%").endswith(f" /*framework='gambrel',route='{route}'*/")


def test_what_is_written_and_found_is_the_same(url):
    with Client(make_app(url, comments="route")) as client:
        client.post("/heroes/A")
        found = [client.get(f"/heroes/{name}").json() for name in ("A", "A II", "B")]

    assert found == [1, 1, 0]


def test_the_request_is_named_where_that_is_asked_for(sqlite):
    app = make_app(sqlite, comments="request")
    with Client(app) as client, queries(app) as told:
        client.get("/heroes/A")
        client.get("/heroes/A")

    found = {one.sql for one in told if "FROM hero" in one.sql}
    assert len(found) == 2
    assert all("request_id='" in sql for sql in found)


def test_by_default_nothing_is_said(sqlite):
    app = make_app(sqlite)
    with Client(app) as client, queries(app) as told:
        client.get("/heroes/A")

    assert not any("/*" in one.sql for one in told)


def test_a_call_outside_of_a_request_says_so():
    assert fields_of(None, "request") == {"framework": "gambrel"}


def test_nothing_in_a_comment_can_end_it():
    found = comment_of({"route": "GET /a'*/ DROP TABLE hero; --\n%s:name?"})

    assert found.count("*/") == 1
    assert found.endswith("'*/")
    assert not {"\n", "?", ":", " "} & set(found)


def test_another_word_is_no_setting(sqlite):
    with pytest.raises(GambrelError, match="comments"):
        make_app(sqlite, comments="all").build()
