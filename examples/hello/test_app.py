from hello.app import app

from gambrel.testing import Client


def test_the_world_is_greeted():
    with Client(app) as client:
        response = client.get("/")

    assert response.text == "Hello, World!"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
