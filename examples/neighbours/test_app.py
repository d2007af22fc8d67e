import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gambrel import App
from gambrel.mounts import Mounts
from gambrel.testing import Client
from neighbours.app import app
from neighbours.inside import in_django, in_fastapi, in_flask

BROWSER = {"accept": "text/html"}


@pytest.fixture
def client():
    with Client(app, raise_server_errors=False) as client:
        yield client


def test_each_neighbour_answers_below_its_path(client):
    signed = client.post("/guestbook/sign", data={"text": "hello"})

    assert '<a href="/shop/items/7">' in client.get("/shop/catalogue").text
    assert signed.status_code == 204
    assert "<li>5 letters</li>" in client.get("/guestbook/").text
    assert 'action="/guestbook/sign"' in client.get("/guestbook/").text
    assert client.get("/prices/price/7").json() == {"item": 7, "cents": 1200}


def test_a_route_that_has_moved_goes_before_its_neighbour(client):
    assert client.get("/shop/items/7").text == "<h1>Item 7, as good as new</h1>"


def test_every_answer_has_an_id(client):
    paths = ["/", "/shop/catalogue", "/guestbook/", "/prices/price/7", "/shop/broken"]

    ids = {client.get(path).headers["x-request-id"] for path in paths}

    assert len(ids) == len(paths)


@pytest.mark.parametrize("path", ["/shop/broken", "/guestbook/broken", "/prices/price/8"])
def test_a_mistake_of_a_neighbour_is_answered_as_one_of_ours(client, path):
    page, problem = client.get(path, headers=BROWSER), client.get(path)

    assert page.status_code == problem.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text
    assert problem.headers["content-type"] == "application/problem+json"


ASK = """
from gambrel.testing import Client
from neighbours.app import app

with Client(app, raise_server_errors=False) as client:
    client.get("/shop/catalogue")
    client.post("/guestbook/sign", data={"text": "hello"})
    client.get("/prices/price/7")
"""


def test_neighbours_write_one_log_in_which_each_request_has_its_id():
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "GAMBREL_LOGGING__FORM": "json", "GAMBREL_ACCESS_LOG__FORM": "json"},
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )

    said = {line["message"]: line["request"] for line in map(json.loads, done.stderr.splitlines())}
    asked = {line["path"]: line["request"] for line in map(json.loads, done.stdout.splitlines())}
    assert said == {
        "the catalogue is asked for": asked["/shop/catalogue"],
        "somebody signs": asked["/guestbook/sign"],
        "somebody asks for a price in EUR": asked["/prices/price/7"],
    }


@pytest.mark.parametrize(
    "outer", [in_django, in_fastapi, in_flask], ids=["django", "fastapi", "flask"]
)
def test_a_part_of_another_application_knows_where_it_is(outer):
    around = App(defaults=(), extensions=[Mounts()])
    around.mount("/", outer)

    with Client(around) as client:
        answer = client.get("/new/hello")

    assert answer.json() == {"at": "/new/hello", "open": True}


def test_the_rest_of_another_application_is_as_it_was():
    answers = []
    for outer, path in [(in_django, "/catalogue"), (in_fastapi, "/old"), (in_flask, "/")]:
        around = App(defaults=(), extensions=[Mounts()])
        around.mount("/", outer)
        with Client(around) as client:
            answers.append(client.get(path).status_code)

    assert answers == [200, 200, 200]
