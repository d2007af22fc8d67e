"""The extension alone, in the smallest app there is."""

import pytest

from gambrel.testing import Client, build
from own_extension.maintenance import Maintenance, Notice, Switch


@pytest.fixture
def app(tmp_path):
    return build(Maintenance(), instance=tmp_path)


def test_a_file_made_by_another_process_closes_the_app(app, tmp_path):
    with Client(app, raise_server_errors=False) as client:
        (tmp_path / "closed").touch()
        app.resources[Switch].look()
        response = client.get("/")

    assert response.status_code == 503


def test_handlers_may_ask_for_the_notice(tmp_path):
    app = build(Maintenance(), instance=tmp_path)

    with Client(app) as client, client.override(Notice, lambda: Notice(None)):
        assert client.get("/status").json() == {"closed_since": None}


def test_settings_say_when_to_come_back(tmp_path):
    app = build(Maintenance(), instance=tmp_path, maintenance={"retry_after": 5})

    with Client(app, raise_server_errors=False) as client:
        app.resources[Switch].turn("on")
        response = client.get("/elsewhere")

    assert response.headers["retry-after"] == "5"


def test_a_deployment_of_a_closed_app_is_warned_of(app, tmp_path):
    (tmp_path / "closed").touch()

    assert "maintenance.closed" in [problem.id for problem in app.problems(deploy=True)]


def test_an_open_app_has_no_problem(app):
    assert "maintenance.closed" not in [problem.id for problem in app.problems(deploy=True)]
