import pytest
from vhosts.app import app

from gambrel.testing import Client


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.mark.parametrize(
    ("host", "text"),
    [
        ("localhost", "There is a shop, a blog and a status page."),
        ("shop.localhost", "Nails, hammers, roofs."),
        ("blog.localhost", "How we built the shop."),
        ("status.localhost", "All lights are green."),
    ],
)
def test_each_host_has_its_own_front_page(client, host, text):
    assert client.get("/", headers={"host": host}).text == text


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("openapi.json", ["/", "/about"]),
        ("openapi/shop.json", ["/", "/about", "/goods/{article}"]),
        ("openapi/blog.json", ["/", "/about"]),
        ("openapi/status.json", ["/", "/about"]),
    ],
)
def test_each_site_has_a_document_of_its_own(client, name, paths):
    assert sorted(client.get(f"/{name}").json()["paths"]) == paths


def test_case_and_port_of_the_host_make_no_difference(client):
    assert client.get("/", headers={"host": "Shop.LocalHost:8000"}).text == "Nails, hammers, roofs."


def test_a_path_of_one_host_is_not_there_on_another(client):
    shop = client.get("/goods/hammer", headers={"host": "shop.localhost"})
    blog = client.get("/goods/hammer", headers={"host": "blog.localhost"})

    assert shop.text == "The last hammer was sold yesterday."
    assert blog.status_code == 404


@pytest.mark.parametrize("host", ["localhost", "shop.localhost", "nobody.localhost"])
def test_a_route_without_a_host_answers_on_all(client, host):
    assert client.get("/about", headers={"host": host}).text == "The same on every host."


def test_a_host_without_a_site_has_no_front_page(client):
    assert client.get("/", headers={"host": "nobody.localhost"}).status_code == 404


def test_a_host_that_is_not_ours_is_refused(client):
    assert client.get("/about", headers={"host": "shop.example.com"}).status_code == 400
