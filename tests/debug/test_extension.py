import asyncio
import json
import threading

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.errors import Conflict, NotFound
from gambrel.debug.extension import Debug, is_local
from tests.debug.requests import request


def shop(debug=True, **options):
    app = App(debug=debug, extensions=[Debug(**options)])

    @app.get("/fails")
    async def fails() -> str:
        password = "hunter2!"
        raise RuntimeError(f"cannot open with {password}")

    @app.get("/refuses")
    async def refuses() -> str:
        raise Conflict("not twice")

    return app


def answer(path, app=None, **options):
    app = app or shop()

    async def run():
        async with app.running():
            return await app.respond(request(path, app=app, **options))

    return asyncio.run(run())


def text(response):
    return response.body.decode()


def test_a_browser_is_shown_the_page_without_secrets():
    response = answer("/fails")

    assert response.status == 500
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "cannot open with" in text(response)
    assert "hunter2!" not in text(response)
    assert "in shop.&lt;locals&gt;.fails" in text(response)


def test_a_client_that_asks_for_markdown_is_given_it():
    response = answer("/fails", accept="text/markdown")

    assert response.headers["content-type"].startswith("text/markdown")
    assert text(response).startswith("# RuntimeError: cannot open with")


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json", "*/*", ""])
def test_a_client_that_takes_json_is_told_in_the_problem_document(accept):
    response = answer("/fails", accept=accept)
    document = response.body and json.loads(response.body)

    assert response.headers["content-type"] == "application/problem+json"
    assert (document["title"], document["status"]) == ("Internal Server Error", 500)
    assert document["debug"]["error"] == "RuntimeError"
    assert document["debug"]["message"].startswith("cannot open with")
    assert document["debug"]["where"].startswith("tests/debug/test_extension.py:")
    assert "hunter2!" not in text(response)


@pytest.mark.parametrize("more", [{"client": "203.0.113.7"}, {"accept": "image/png"}])
def test_strangers_and_clients_of_other_types_are_given_what_production_gives(more):
    response = answer("/fails", **{"accept": "application/json", **more})

    assert response.headers["content-type"] == "application/problem+json"
    assert set(json.loads(response.body)) == {"type", "title", "status", "incident"}


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_without_debug_a_client_is_told_nothing(accept):
    assert "cannot open" not in text(answer("/fails", shop(debug=False), accept=accept))


def test_an_error_that_is_an_answer_is_left_alone():
    response = answer("/refuses")

    assert response.status == 409
    assert "Where it happened" not in text(response)


@pytest.mark.parametrize(
    "stranger",
    [
        {"client": "203.0.113.7"},
        {"host": "shop.example"},
        {"host": "localhost.shop.example"},
        {"x_forwarded_for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
        {"host": "a b"},
        {"host": ""},
        {"client": "nonsense"},
    ],
)
def test_strangers_are_not_local(stranger):
    assert not is_local(request(**stranger))


@pytest.mark.parametrize(
    "local",
    [
        {},
        {"host": "127.0.0.1:8000"},
        {"host": "[::1]:8000", "client": "::1"},
        {"host": "shop.localhost"},
        {"client": None},
    ],
)
def test_this_machine_is_local(local):
    assert is_local(request(**local))


def test_a_stranger_is_shown_nothing():
    assert Debug().render(request(client="203.0.113.7"), ValueError("x"), "5f0d") is None


def test_an_accept_header_that_is_malformed_is_as_good_as_none():
    shown = Debug().render(request(accept="text/html;q=x"), ValueError("x"), "5f0d")

    assert shown is not None
    assert shown.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "start"), [("text/html", "<!doctype"), ("text/markdown", "# 404")]
)
def test_a_path_that_no_route_has_lists_what_was_tried(accept, start):
    app = shop()
    app.build()
    asked = request("/fail", app=app, accept=accept)
    asked.miss = NotFound()

    response = Debug().render(asked, NotFound(), "")

    assert response.status == 404
    assert text(response).startswith(start)
    assert "Did you mean" in text(response)
    assert "/refuses" in text(response)


def test_a_404_that_a_handler_means_is_left_alone():
    assert Debug().render(request(), NotFound("no such order"), "") is None


@pytest.mark.parametrize(("stall", "watched"), [(0.1, True), (0, False)])
def test_the_watchdog_runs_with_the_app(stall, watched):
    app = shop(stall=stall)

    async def run():
        async with app.running():
            return [thread.name for thread in threading.enumerate()]

    assert ("gambrel-watchdog" in asyncio.run(run())) is watched


def test_places_and_codes_link_as_the_app_says():
    response = answer("/fails", shop(editor="vscode://file/{path}:{line}"))

    assert 'href="vscode://file/' in text(response)
