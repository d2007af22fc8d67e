import pytest

from gambrel.core.app.app import App
from gambrel.core.http.response import Response
from tests.core.harness import ask


@pytest.fixture
def app() -> App:
    app = App()
    app.add("/items/{id:int}", lambda: None, ["GET", "PATCH"])
    app.add("/folder/", lambda: None)
    return app


@pytest.mark.parametrize("target", ["/nowhere", "/items/x", "/items/1/more"])
def test_a_path_that_no_route_takes_is_404(app, target):
    answer = ask(app, "GET", target)

    assert (answer.status, answer.json()["status"]) == (404, 404)


def test_a_wrong_method_is_405_with_all_that_are_right(app):
    answer = ask(app, "DELETE", "/items/1")

    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD, OPTIONS, PATCH"


def test_options_is_answered_by_itself(app):
    answer = ask(app, "OPTIONS", "/items/1")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("allow") == "GET, HEAD, OPTIONS, PATCH"


def test_another_slash_is_a_redirect_that_keeps_the_query(app):
    answer = ask(app, "GET", "/folder?a=1&b=%20")

    assert (answer.status, answer.header("location")) == (308, "/folder/?a=1&b=%20")


@pytest.mark.parametrize("target", ["/items/%FF", "/%C3%28", "/items/%00"])
def test_a_path_that_is_no_text_is_400_or_404_and_never_an_error_of_the_server(app, target):
    assert ask(app, "GET", target).status in {400, 404}


def test_middleware_and_error_handlers_are_around_misses(app):
    @app.middleware
    async def mark(request, call_next):
        response = await call_next(request)
        response.headers["x-status"] = str(response.status)
        return response

    @app.on_error(404)
    async def missing(request, error):
        return Response("nothing", 404)

    answer = ask(app, "GET", "/nowhere")

    assert (answer.body, answer.header("x-status")) == (b"nothing", "404")
    assert ask(app, "OPTIONS", "/items/1").header("x-status") == "204"
