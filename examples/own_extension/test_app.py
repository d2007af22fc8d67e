from pathlib import Path

import pytest

from gambrel.testing import Client, run_command
from own_extension.app import app
from own_extension.maintenance import Switch


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the instance folder is ./instance
    with Client(app, raise_server_errors=False) as client:
        yield client


@pytest.fixture
def switch(client):
    return client.app.resources[Switch]


def test_the_app_is_open_at_first(client):
    assert client.get("/").text == "Open as usual."
    assert client.get("/status").json() == {"closed_since": None}


def test_a_closed_app_says_when_to_come_back(client, switch):
    switch.turn("on")

    response = client.get("/")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"


@pytest.mark.parametrize("path", ["/status", "/imprint"])
def test_open_paths_are_served_all_the_same(client, switch, path):
    switch.turn("on")

    assert client.get(path).status_code == 200


def test_the_status_says_since_when(client, switch):
    switch.turn("on")

    assert client.get("/status").json()["closed_since"] is not None


def test_the_app_is_opened_again(client, switch):
    switch.turn("on")
    switch.turn("off")

    assert client.get("/").status_code == 200


def test_the_command_turns_the_switch(tmp_path, monkeypatch):
    target = str(Path(__file__).with_name("app.py"))
    monkeypatch.chdir(tmp_path)

    result = run_command(["--app", target, "maintenance", "on"])

    assert result.stdout == "maintenance is on\n"
    assert (tmp_path / "instance" / "closed").exists()
