import pytest
from versions.app import app

from gambrel.testing import Client


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/sentient/robot/ultron/name", "Ultron"),
        ("/v1/sentient/robot/vision/name", "vision"),
        ("/v2/sentient/robot/vision/name", "new vision"),
    ],
)
def test_the_version_chooses_the_robot(client, path, name):
    assert client.get(path).json() == {"name": name}


@pytest.mark.parametrize("path", ["/v2/sentient/robot/ultron/name", "/sentient/robot/ultron/name"])
def test_a_version_that_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_a_slash_too_many_is_not_found_in_a_strict_group(client):
    assert client.get("/v1/sentient/robot/ultron/name/").status_code == 404


def test_the_front_page_leads_to_a_sleep_of_three_seconds(client):
    response = client.get("/")

    assert response.status_code == 302
    assert response.headers["location"] == "/sleep/3"


@pytest.mark.parametrize(("path", "text"), [("0", "0.0"), ("0.01", "0.01")])
def test_the_answer_says_how_long_it_slept(client, path, text):
    assert client.get(f"/sleep/{path}").text == f"Slept {text} seconds."


@pytest.mark.parametrize("path", ["-1", "10.5"])
def test_nobody_sleeps_for_ever(client, path):
    assert client.get(f"/sleep/{path}").status_code == 422


def test_what_is_no_number_has_no_route(client):
    assert client.get("/sleep/long").status_code == 404
