import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from gambrel import App, GambrelError
from gambrel.observability import AccessLog, Logging
from gambrel.testing import Client


def shop(*extensions: Any, **options: Any) -> App:
    app = App(extensions=extensions, defaults=(), **options)

    @app.get("/items/{name}")
    async def item(name: str) -> str:
        logging.getLogger("shop").info("asked for %s, token=abc123", name)
        return name

    @app.get("/broken")
    async def broken() -> str:
        raise LookupError("broken")

    return app


def test_every_answer_has_a_line(tmp_path: Path):
    file = tmp_path / "access.log"

    with Client(shop(AccessLog(file=str(file), form="json")), raise_server_errors=False) as client:
        for path in ("/items/nail?token=abc", "/nowhere", "/broken"):
            client.get(path)

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["path"], line.get("route"), line["status"]) for line in lines] == [
        ("/items/nail", "/items/{name}", 200),
        ("/nowhere", None, 404),
        ("/broken", "/broken", 500),
    ]
    assert lines[0]["size"] == 4


def test_a_file_that_cannot_be_written_keeps_the_app_from_its_start(tmp_path: Path):
    app = shop(AccessLog(file=str(tmp_path / "missing" / "access.log")))

    with pytest.raises(GambrelError) as caught, Client(app):
        pass

    assert caught.value.code == "observability.access-log"
    assert "missing/access.log" in caught.value.what


@pytest.mark.parametrize(("environment", "is_json"), [("development", False), ("production", True)])
def test_lines_are_for_people_in_development_and_for_machines_elsewhere(
    environment: str, is_json: bool, capsys: pytest.CaptureFixture[str]
):
    with Client(shop(AccessLog(), environment=environment)) as client:
        client.get("/items/nail")

    assert capsys.readouterr().out.startswith("{") is is_json


def test_the_environment_may_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "other.log"
    monkeypatch.setenv("GAMBREL_ACCESS_LOG__FILE", str(file))

    with Client(shop(AccessLog())) as client:
        client.get("/items/nail")

    assert " GET /items/nail 200 4 " in file.read_text()


def own_stderr(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Have a standard error, and a root logger that nobody (pytest, say) has set up."""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_records_are_lines_with_the_request_and_without_secrets(monkeypatch: pytest.MonkeyPatch):
    stderr = own_stderr(monkeypatch)
    key = "k" * 40
    app = shop(Logging(form="json"), secret_keys=[key])

    @app.get("/key")
    async def leak() -> None:
        logging.getLogger("shop").warning("the key is %s", key)

    with Client(app) as client:
        client.get("/items/nail")
        client.get("/key")

    lines = [json.loads(line) for line in stderr.getvalue().splitlines()]
    asked, leaked = (line for line in lines if line["logger"] == "shop")
    assert asked["message"] == "asked for nail, token=[hidden]"
    assert asked["request"]
    assert asked["request"] != leaked["request"]
    assert leaked["message"] == "the key is [hidden]"


def test_a_hostile_path_stays_within_its_line(monkeypatch: pytest.MonkeyPatch):
    stderr = own_stderr(monkeypatch)
    with Client(shop(Logging(form="json")), raise_server_errors=False) as client:
        client.get("/items/a%0Ab%1B%E2%80%AE%E2%80%A8")

    assert all(json.loads(line) for line in stderr.getvalue().splitlines())
    assert stderr.getvalue().isascii()


def test_one_place_cannot_flood_the_log(monkeypatch: pytest.MonkeyPatch):
    stderr = own_stderr(monkeypatch)
    with Client(shop(Logging(form="json", per_second=2))) as client:
        for number in range(30):
            client.get(f"/items/{number}")

    # The requests may take more than a second, and each has its share.
    assert len([line for line in stderr.getvalue().splitlines() if "asked for" in line]) < 30


def test_levels_are_set_while_the_app_runs(monkeypatch: pytest.MonkeyPatch):
    stderr = own_stderr(monkeypatch)
    app = shop(Logging(form="text", level="warning", levels={"shop": "info"}))
    before = logging.getLogger().level

    with Client(app) as client:
        client.get("/items/nail")
        assert logging.getLogger().level == logging.WARNING

    assert "asked for nail" in stderr.getvalue()
    assert logging.getLogger().level == before
    assert logging.getLogger("shop").level == logging.NOTSET
    assert logging.getLogger().handlers == []


@pytest.mark.parametrize(
    ("level", "levels", "told"),
    [
        ("INFO", {}, "WARNING"),
        ("DEBUG", {}, "WARNING"),
        ("ERROR", {}, "ERROR"),
        ("INFO", {"httpx2": "INFO"}, "INFO"),
    ],
)
def test_whole_urls_of_requests_that_the_app_makes_are_not_logged_unless_wanted(
    monkeypatch: pytest.MonkeyPatch, level: str, levels: dict[str, str], told: str
):
    own_stderr(monkeypatch)
    logger = logging.getLogger("httpx2")

    with Client(shop(Logging(level=level, levels=levels))):
        during = logging.getLevelName(logger.getEffectiveLevel())

    assert during == told
    assert logger.level == logging.NOTSET


def test_a_root_logger_that_is_set_up_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    stderr = own_stderr(monkeypatch)
    own = logging.NullHandler()
    logging.getLogger().addHandler(own)

    with Client(shop(Logging())) as client:
        client.get("/items/nail")
        assert logging.getLogger().handlers == [own]

    assert stderr.getvalue() == ""


def test_nothing_stands_around_a_request():
    assert shop().build().middleware == shop(AccessLog(), Logging()).build().middleware == []


def test_slow_answers_are_told_with_their_route(caplog: pytest.LogCaptureFixture):
    app = App(extensions=[Logging(slow=1e-9)])

    @app.get("/users/{number}")
    async def user(number: int) -> int:
        return number

    with Client(app) as client:
        client.get("/users/7?token=hunter2")
        client.get("/none")

    told = [one.getMessage() for one in caplog.records if one.name == "gambrel.slow"]
    assert [line.rpartition(" in ")[0] for line in told] == [
        "slow: GET /users/{number}, 200",
        "slow: GET no route, 404",
    ]


@pytest.mark.parametrize("slow", [0, 3600])
def test_others_are_not(slow: float, caplog: pytest.LogCaptureFixture):
    app = App(extensions=[Logging(slow=slow)])
    with Client(app) as client:
        client.get("/none")

    assert "slow" not in caplog.text
