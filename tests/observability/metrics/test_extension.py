import re
from typing import Annotated

import pytest

from gambrel import App, GambrelError, NotFound, Path, Secret
from gambrel.extend import OBSERVERS
from gambrel.observability.metrics import METRICS, Counter, Metrics, shared
from gambrel.observability.metrics.extension import place_of
from gambrel.testing import Client
from tests.server.live import ask


def app_with(**options) -> App:
    app = App(extensions=[Metrics(**options)])

    @app.get("/items/{id}")
    async def item(number: Annotated[int, Path(alias="id")]) -> int:
        if number == 0:
            raise NotFound
        return number

    @app.get("/slow")
    def slow() -> str:
        return "from a thread"

    return app


def value(text: str, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    assert found, text
    return float(found[1])


def test_answers_are_counted_on_our_server():
    *_, told = ask(app_with(), "/items/1", "/items/2", "/items/0", "/slow", "/none", "/metrics")
    text = told.body.decode()

    assert told["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    item = 'method="GET",route="/items/{id}"'
    assert value(text, f'http_requests_total{{{item},status="200"}}') == 2
    assert value(text, f'http_requests_total{{{item},status="404"}}') == 1
    assert value(text, 'http_requests_total{method="GET",route="",status="404"}') == 1
    assert value(text, f"http_request_duration_seconds_count{{{item}}}") == 3
    assert value(text, 'http_request_duration_seconds_count{method="GET",route="/slow"}') == 1


def test_answers_are_counted_on_other_servers():
    with Client(app_with()) as client:
        client.get("/items/1")
        text = client.get("/metrics").text

    assert value(text, 'http_requests_total{method="GET",route="/items/{id}",status="200"}') == 1


def test_figures_of_the_app_stand_beside_ours():
    app, orders = app_with(), Counter("orders_total", "Orders.")
    app.setup.add(METRICS, orders)
    orders.inc(3)

    with Client(app) as client:
        assert "orders_total 3\n" in client.get("/metrics").text


@pytest.mark.parametrize("name", ["http_requests_total", "process_threads"])
def test_a_name_of_ours_is_told_at_the_start(name):
    app = app_with()
    app.setup.add(METRICS, Counter(name, "Mine."))

    with pytest.raises(GambrelError, match=rf"metric '{name}' is declared twice"):
        app.build()


def test_a_metric_that_is_declared_twice_is_told():
    app = app_with()
    app.setup.add(METRICS, Counter("orders_total", "Orders."))

    with pytest.raises(GambrelError, match="metric 'orders_total' is declared twice"):
        app.setup.add(METRICS, Counter("orders_total", "Again."))


def test_a_name_of_one_series_that_is_taken_is_told_at_the_start():
    app = app_with()
    app.setup.add(METRICS, Counter("http_request_duration_seconds_count", "Mine."))

    with pytest.raises(GambrelError, match="both have series called"), Client(app):
        pass


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 404),
        ({"authorization": "Bearer wrong"}, 404),
        ({"authorization": "Bearer open-sesame"}, 200),
    ],
)
def test_strangers_find_nothing(headers, status):
    app = app_with(token=Secret("open-sesame"))

    with Client(app, peer=("203.0.113.7", 1)) as client:
        assert client.get("/metrics", headers=headers).status_code == status


def test_an_observer_that_fails_is_logged_and_nobody_else_hears_of_it(caplog):
    app = app_with()
    app.setup.add(OBSERVERS, lambda *_: 1 / 0)

    answer, *_ = ask(app, "/items/1", "/items/2")

    assert answer.body == b"1"
    assert "an observer of answers failed" in caplog.text


def test_figures_of_others_that_cannot_be_read_are_a_503(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "PATIENCE", 0.0)
    app = App(extensions=[Metrics(folder=str(tmp_path), service="shop")])
    other = shared.SharedFigures(tmp_path / "metrics" / place_of("shop"), [], process=1)

    with Client(app) as client:
        with other.alone():
            held = client.get("/metrics")
        free = client.get("/metrics")

    assert (held.status_code, free.status_code) == (503, 200)


@pytest.mark.parametrize(
    ("one", "other", "counted"),
    [
        ({"root": "a"}, {"root": "b"}, 1),
        ({"root": "a"}, {"root": "a"}, 2),
        ({"root": "a", "service": "shop"}, {"root": "b", "service": "shop"}, 2),
        ({"root": "a", "service": "shop"}, {"root": "a", "service": "office"}, 1),
    ],
)
def test_services_that_share_a_folder_show_figures_of_their_own(tmp_path, one, other, counted):
    def served(root: str, service: str = "") -> App:
        return App(
            root=tmp_path / root, extensions=[Metrics(folder=str(tmp_path), service=service)]
        )

    with Client(served(**one)) as client:
        client.get("/missing")
    with Client(served(**other)) as client:
        client.get("/missing")
        shown = client.get("/metrics").text

    assert f'route="",status="404"}} {counted}' in shown


def test_a_folder_that_cannot_be_written_is_told_once_and_own_figures_are_shown(tmp_path, caplog):
    (tmp_path / "file").touch()
    app = App(extensions=[Metrics(folder=str(tmp_path / "file"))])

    with Client(app) as client:
        answers = [client.get("/metrics") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert 'route="/metrics",status="200"} 2' in answers[2].text
    assert ["each process shows its own" in one.getMessage() for one in caplog.records] == [True]
