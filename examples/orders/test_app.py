import pytest
from orders.app import app

from gambrel.testing import Client

ORDER = {
    "customer": "Ada",
    "email": "ada@example.com",
    "items": [{"sku": "nail", "qty": 100, "price": 0.25}, {"sku": "hammer", "qty": 1, "price": 9}],
}


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


def test_the_front_page_is_the_page_of_the_document(client):
    page = client.get("/", follow_redirects=True)

    assert (page.url.path, page.status_code) == ("/docs", 200)
    assert "/" not in client.get("/openapi.json").json()["paths"]


def test_parameters_come_from_path_and_query(client):
    response = client.get("/users/7?limit=3&q=ada")

    assert response.json() == {"id": 7, "limit": 3, "q": "ada"}


def test_query_parameters_have_defaults(client):
    assert client.get("/users/7").json() == {"id": 7, "limit": 10, "q": None}


def test_an_order_is_answered_with_its_receipt(client):
    response = client.post("/orders", json=ORDER)

    assert response.status_code == 201
    assert response.json() == {"id": 1, "total": 34.0, "count": 2}


def test_every_fault_of_an_order_is_named(client):
    wrong = {"customer": 1, "email": "ada@example.com", "items": [{"sku": "nail", "qty": 0}]}

    response = client.post("/orders", json=wrong)

    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    faults = [(fault["path"], fault["code"]) for fault in response.json()["errors"]]
    assert faults == [
        ("customer", "type"),
        ("items[0].qty", "range"),
        ("items[0].price", "missing"),
    ]


def test_a_body_that_is_no_json_is_malformed(client):
    response = client.post(
        "/orders", content=b'{"customer":', headers={"content-type": "application/json"}
    )

    assert response.status_code == 400


def test_an_id_that_is_no_number_is_refused_with_the_reason(client):
    response = client.get("/users/ada")

    assert response.status_code == 422
    assert response.json()["errors"][0]["in"] == "path"


def test_text_is_text_and_a_dict_is_json(client):
    assert client.get("/plaintext").text == "Hello, World!"
    assert client.get("/json").json() == {"message": "Hello, World!"}


def test_the_document_describes_the_order(client):
    document = client.get("/openapi.json").json()

    operation = document["paths"]["/orders"]["post"]
    assert set(operation["responses"]) >= {"201", "422"}
    assert set(document["components"]["schemas"]) >= {"Item", "Order", "Receipt"}
