"""The same on SQLite and, where `GAMBREL_DATABASE_URL` names one, on another database."""

from collections.abc import Iterator

import pytest
from heroes_sql.app import create_app

from gambrel import App
from gambrel.db.testing import check_migrations, migrating, queries, rolled_back
from gambrel.testing import Client

DEADPOND = {"name": "Deadpond", "age": 31, "secret_name": "Dive Wilson"}
Z_FORCE = {"name": "Z-Force", "headquarters": "Sister Margaret's Bar"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("instance")))
        yield create_app()


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with Client(app) as client, rolled_back(app):
        yield client


def made(client: Client, path: str, **sent: object) -> int:
    number: int = client.post(path, json=sent).json()["id"]
    return number


def test_a_hero_is_created_and_its_secret_is_kept(client):
    answer = client.post("/heroes/", json=DEADPOND)

    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "name", "age", "team_id"}


def test_a_hero_without_a_secret_name_is_refused(client):
    answer = client.post("/heroes/", json={"name": "Deadpond"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "secret_name"


def test_heroes_are_listed_page_by_page(client):
    for number in range(5):
        made(client, "/heroes/", name=f"Hero {number}", secret_name="?", age=20 + number)

    page = client.get("/heroes/?size=2&page=2&order=-age").json()

    assert [hero["name"] for hero in page["items"]] == ["Hero 2", "Hero 1"]
    assert page["total"] == 5


def test_heroes_are_found(client):
    team = made(client, "/teams/", **Z_FORCE)
    made(client, "/heroes/", **DEADPOND, team_id=team)
    made(client, "/heroes/", name="Rusty-Man", secret_name="Tommy Sharp", age=48)

    def names(query: str) -> list[str]:
        return [hero["name"] for hero in client.get(f"/heroes/?{query}").json()["items"]]

    assert names(f"team={team}") == ["Deadpond"]
    assert names("min_age=40") == ["Rusty-Man"]
    assert names("q=DEAD") == ["Deadpond"]
    assert names("q=Dive") == []  # secret names are not searched


@pytest.mark.parametrize("query", ["size=101", "page=0", "order=secret_name", "min_age=old"])
def test_what_may_not_be_asked_is_refused(client, query):
    assert client.get(f"/heroes/?{query}").status_code == 422


def test_all_heroes_are_walked_through(client):
    for number in range(150):
        made(client, "/heroes/", name=f"Hero {number:03}", secret_name="?")

    first = client.get("/heroes/all").json()
    second = client.get("/heroes/all", params={"after": first["next"]}).json()

    assert [len(first["items"]), len(second["items"]), second["next"]] == [100, 50, None]
    assert client.get("/heroes/all?after=forged").status_code == 400


def test_a_hero_is_shown_with_its_team_in_few_statements(client, app):
    team = made(client, "/teams/", **Z_FORCE)
    hero = made(client, "/heroes/", **DEADPOND, team_id=team)

    with queries(app, max=4):  # with the savepoint of this test
        shown = client.get(f"/heroes/{hero}").json()

    assert shown["team"] == {"id": team, **Z_FORCE}
    assert "secret_name" not in shown


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_hero_that_is_not_there_is_not_found(client, method):
    answer = client.request(method, "/heroes/0", json={} if method == "PATCH" else None)

    assert answer.status_code == 404


def test_a_change_touches_only_what_was_sent(client):
    hero = made(client, "/heroes/", **DEADPOND)

    renamed = client.patch(f"/heroes/{hero}", json={"name": "Deadpuddle"}).json()
    emptied = client.patch(f"/heroes/{hero}", json={"age": None}).json()

    assert (renamed["name"], renamed["age"]) == ("Deadpuddle", 31)
    assert (emptied["name"], emptied["age"]) == ("Deadpuddle", None)


def test_a_team_that_there_is_not_cannot_be_joined(client):
    assert client.post("/heroes/", json={**DEADPOND, "team_id": 2**31 - 1}).status_code == 409


def test_two_teams_do_not_share_a_name(client):
    assert client.post("/teams/", json=Z_FORCE).status_code == 201
    assert client.post("/teams/", json=Z_FORCE).status_code == 409


def test_heroes_outlive_their_team(client):
    team = made(client, "/teams/", **Z_FORCE)
    hero = made(client, "/heroes/", **DEADPOND, team_id=team)
    assert [one["id"] for one in client.get(f"/teams/{team}").json()["heroes"]] == [hero]

    assert client.delete(f"/teams/{team}").status_code == 204

    assert client.get(f"/teams/{team}").status_code == 404
    assert client.get(f"/heroes/{hero}").json()["team"] is None


def test_a_deleted_hero_is_gone(client):
    hero = made(client, "/heroes/", **DEADPOND)

    assert client.delete(f"/heroes/{hero}").status_code == 204
    assert client.get(f"/heroes/{hero}").status_code == 404


def test_migrations_make_what_the_models_want_and_undo_it(app):
    check_migrations(app)


def test_heroes_outlive_the_second_migration_and_its_undoing(app):
    with migrating(app, "0001") as database:
        database.run("INSERT INTO hero (id, name, secret_name) VALUES (1, 'Deadpond', '?')")
        database.up()
        database.down("0001")

        assert database.rows("SELECT name FROM hero") == [("Deadpond",)]
