import pytest

from bigger_app.app import app
from gambrel.testing import Client

HEADER = {"x-token": "fake-super-secret-token"}


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.fixture
def jessica(client):
    client.params = {"token": "jessica"}
    return client


@pytest.mark.parametrize("path", ["/", "/users/", "/users/me", "/items/"])
@pytest.mark.parametrize("query", ["", "?token=monica"])
def test_everything_needs_the_token_in_the_query(client, path, query):
    response = client.get(path + query, headers=HEADER)

    assert response.status_code == 400
    assert response.json()["detail"] == "No Jessica token provided"


def test_the_app_has_routes_of_its_own(jessica):
    assert jessica.get("/").json() == {"message": "Hello Bigger Applications!"}


def test_users_are_listed_and_shown(jessica):
    assert jessica.get("/users/").json() == [{"username": "Rick"}, {"username": "Morty"}]
    assert jessica.get("/users/foo").json() == {"username": "foo"}


def test_a_fixed_path_goes_before_a_parameter(jessica):
    assert jessica.get("/users/me").json() == {"username": "fakecurrentuser"}


@pytest.mark.parametrize("headers", [{}, {"x-token": "invalid"}])
@pytest.mark.parametrize(("method", "path"), [("GET", "/items/"), ("POST", "/admin/")])
def test_items_and_admin_need_the_token_in_the_header_too(jessica, method, path, headers):
    response = jessica.request(method, path, headers=headers)

    assert response.status_code == 400
    assert response.json()["detail"] == "X-Token header invalid"


def test_items_are_listed(jessica):
    response = jessica.get("/items/", headers=HEADER)

    assert response.json() == {"plumbus": {"name": "Plumbus"}, "gun": {"name": "Portal Gun"}}


def test_an_item_is_shown(jessica):
    response = jessica.get("/items/plumbus", headers=HEADER)

    assert response.json() == {"name": "Plumbus", "item_id": "plumbus"}


def test_an_item_that_is_not_there_is_not_found(jessica):
    response = jessica.get("/items/bar", headers=HEADER)

    assert response.status_code == 404
    assert response.json()["detail"] == "Item not found"


def test_the_plumbus_can_be_updated(jessica):
    response = jessica.put("/items/plumbus", headers=HEADER)

    assert response.json() == {"name": "The great Plumbus", "item_id": "plumbus"}


@pytest.mark.parametrize("item", ["gun", "bar"])
def test_nothing_else_can_be_updated(jessica, item):
    response = jessica.put(f"/items/{item}", headers=HEADER)

    assert response.status_code == 403
    assert response.json()["detail"] == "You can only update the item: plumbus"


def test_the_admin_route_is_under_the_prefix_of_the_app(jessica):
    response = jessica.post("/admin/", headers=HEADER)

    assert response.json() == {"message": "Admin getting schwifty"}


def test_the_document_has_the_tags_and_responses_of_the_groups(jessica):
    paths = jessica.get("/openapi.json").json()["paths"]

    assert paths["/users/me"]["get"]["tags"] == ["users"]
    assert paths["/items/{item_id}"]["put"]["tags"] == ["items", "custom"]
    assert {"403", "404"} <= set(paths["/items/{item_id}"]["put"]["responses"])
    assert paths["/admin/"]["post"]["tags"] == ["admin"]
    assert paths["/admin/"]["post"]["responses"]["418"]["description"] == "I'm a teapot"


def test_the_document_names_the_tokens_as_parameters(jessica):
    operation = jessica.get("/openapi.json").json()["paths"]["/items/"]["get"]

    found = {(param["in"], param["name"]) for param in operation["parameters"]}
    assert found == {("query", "token"), ("header", "x-token")}


def test_the_page_of_the_api_needs_no_token(client):
    assert client.get("/docs").status_code == 200
