import logging
import os
from collections.abc import Iterator

import pytest

from gambrel import App, GambrelError
from gambrel.cli.reload.worker import (
    REFUSED,
    Refused,
    error_app,
    load_for_development,
    shown_error,
)
from gambrel.cli.target import load_app
from gambrel.testing import Client

SECRET = "made-up-secret-of-more-than-32-bytes"


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what a worker changes in its own process."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    log = logging.getLogger("gambrel.errors")
    before = [*log.filters]
    yield
    log.filters = before


def test_an_app_is_in_debug_with_error_pages_and_the_secret_of_the_session(shop, capsys):
    app = load_for_development("app.py", SECRET)

    assert app.settings.core.debug
    assert "debug" in {extension.name for extension in (*app.extensions, *app.defaults)}
    assert app.settings.core.secret_keys[0].reveal() == SECRET
    assert capsys.readouterr().err == ""


def test_an_app_with_hosts_of_its_own_answers_for_loopback_too(shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_HOSTS", "shop.example")

    app = load_for_development("app.py", SECRET)

    rules = app.build().allowed_hosts
    assert rules.allows("shop.example")
    assert rules.allows("localhost:8000")
    assert not rules.allows("evil.example")


def test_an_app_without_the_default_extensions_gets_the_error_pages_too(folder):
    (folder / "app.py").write_text("from gambrel import App\n\napp = App(defaults=())\n")

    app = load_for_development("app.py", SECRET)

    assert [extension.name for extension in app.extensions] == ["debug"]


def test_debug_that_the_app_has_set_up_is_kept(folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from gambrel.debug.extension import Debug\n"
        "app = App(extensions=[Debug(stall=1.5)])\n"
    )

    app = load_for_development("app.py", SECRET)

    assert [extension.stall for extension in app.extensions] == [1.5]


def test_production_is_refused(shop, monkeypatch, capsys):
    monkeypatch.setenv("GAMBREL_ENVIRONMENT", "production")

    with pytest.raises(Refused) as caught:
        load_for_development("app.py", SECRET)

    assert caught.value.code == REFUSED
    assert "[cli.dev-production]" in capsys.readouterr().err


def test_errors_of_checks_are_told_and_the_app_is_served(folder, capsys):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from gambrel.extend import Problem\n"
        "app = App()\n"
        "app.check(lambda app: [Problem('shop.empty', 'nothing to sell')])\n"
    )

    assert isinstance(load_for_development("app.py", SECRET), App)
    assert "[shop.empty]" in capsys.readouterr().err


def failure(folder, source: str) -> GambrelError:
    (folder / "app.py").write_text(source)
    with pytest.raises(GambrelError) as caught:
        load_app("app.py")
    return caught.value


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/users/3"])
def test_every_request_is_answered_with_the_error_and_its_source(folder, method, path):
    app = error_app(failure(folder, "shelf = {}\nshelf['lamp']\n"))

    with Client(app, raise_server_errors=False) as client:
        response = client.request(method, path, headers={"accept": "text/html"})

    assert response.status_code == 500
    assert "KeyError" in response.text
    assert "lamp" in response.text


def test_a_file_that_python_cannot_read_is_shown_at_its_line(folder, caplog):
    app = error_app(failure(folder, "shelf = {}\n\ndef broken(:\n    pass\n"))

    with Client(app, raise_server_errors=False) as client:
        page = client.get("/", headers={"accept": "text/html"}).text
        text = client.get("/", headers={"accept": "text/markdown"}).text

    assert "### app.py:3 in `<module>`" in text
    assert ">    3  def broken(:" in text
    assert "show_error" not in text
    assert '<span class="place">app.py:3</span>' in page
    assert [record.exc_info for record in caplog.records] == [None, None]
    assert f"Incident {caplog.records[1].getMessage().split()[0]}." in text


def test_settings_that_cannot_be_used_do_not_keep_the_error_from_being_shown(shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_MAX_BODY", "much")
    with pytest.raises(GambrelError) as caught:
        load_app("app.py").build()

    with Client(error_app(caught.value), raise_server_errors=False) as client:
        response = client.get("/", headers={"accept": "text/html"})

    assert response.status_code == 500
    assert "GAMBREL_MAX_BODY" in response.text


def test_the_users_error_is_shown_from_their_first_line_on(folder):
    error = failure(folder, "import json\njson.loads('{')\n")

    shown, trace = shown_error(error)

    assert type(shown).__name__ == "JSONDecodeError"
    assert trace is not None
    assert trace.tb_frame.f_code.co_filename == str(folder / "app.py")


def test_an_app_that_exits_is_shown_as_an_error(folder):
    shown, _ = shown_error(failure(folder, "raise SystemExit(3)\n"))

    assert str(shown) == "SystemExit: 3"
