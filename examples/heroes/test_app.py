import pytest
from heroes.app import app

from gambrel.testing import Client

DEADPOND = {"name": "Deadpond", "age": 31, "secret_name": "Dive Wilson"}


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


def test_a_hero_is_created_and_its_secret_is_kept(client):
    response = client.post("/heroes/", json=DEADPOND)

    assert response.status_code == 200
    assert response.json() == {"id": 1, "name": "Deadpond", "age": 31}


def test_the_age_may_be_left_out(client):
    response = client.post("/heroes/", json={"name": "Spider-Boy", "secret_name": "Pedro"})

    assert response.json() == {"id": 1, "name": "Spider-Boy", "age": None}


def test_a_hero_without_a_secret_name_is_refused(client):
    response = client.post("/heroes/", json={"name": "Deadpond"})

    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "secret_name"


def test_heroes_are_listed_page_by_page_without_their_secrets(client):
    for number in range(3):
        client.post("/heroes/", json={"name": f"Hero {number}", "secret_name": "?"})

    response = client.get("/heroes/?offset=1&limit=1")

    assert response.json() == [{"id": 2, "name": "Hero 1", "age": None}]


@pytest.mark.parametrize(("limit", "status"), [(100, 200), (101, 422), (-1, 422)])
def test_a_page_has_at_most_a_hundred_heroes(client, limit, status):
    assert client.get(f"/heroes/?limit={limit}").status_code == status


def test_a_hero_is_shown_without_its_secret(client):
    client.post("/heroes/", json=DEADPOND)

    assert client.get("/heroes/1").json() == {"id": 1, "name": "Deadpond", "age": 31}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_hero_that_is_not_there_is_not_found(client, method):
    response = client.request(method, "/heroes/7", json={} if method == "PATCH" else None)

    assert response.status_code == 404
    assert response.json()["detail"] == "Hero not found"


def test_a_change_touches_only_what_was_sent(client):
    client.post("/heroes/", json=DEADPOND)

    response = client.patch("/heroes/1", json={"name": "Deadpuddle"})

    assert response.json() == {"id": 1, "name": "Deadpuddle", "age": 31}


def test_a_field_sent_as_null_is_emptied(client):
    client.post("/heroes/", json=DEADPOND)

    assert client.patch("/heroes/1", json={"age": None}).json()["age"] is None


def test_a_name_cannot_be_emptied(client):
    client.post("/heroes/", json=DEADPOND)

    assert client.patch("/heroes/1", json={"name": None}).status_code == 422


def test_a_deleted_hero_is_gone(client):
    client.post("/heroes/", json=DEADPOND)

    assert client.delete("/heroes/1").json() == {"ok": True}
    assert client.get("/heroes/1").status_code == 404


def test_the_document_never_answers_with_a_secret_name(client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    assert "secret_name" in schemas["HeroCreate"]["properties"]
    assert "secret_name" not in schemas["HeroPublic"]["properties"]
