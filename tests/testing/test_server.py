import http.client
from collections.abc import AsyncIterator

import pytest

from gambrel import App
from gambrel.testing import LiveServer


def make_app() -> App:
    app = App()

    @app.get("/")
    async def greet() -> str:
        return "hello"

    return app


def get(server: LiveServer, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_live_server_answers_on_a_socket():
    with LiveServer(make_app()) as server:
        answer = get(server, "/")

        assert server.url == f"http://127.0.0.1:{server.port}"

    assert answer == (200, "hello")


def test_the_lifespan_runs_around_a_live_server():
    happened: list[str] = []
    app = make_app()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        happened.append("open")
        yield
        happened.append("closed")

    with LiveServer(app):
        assert happened == ["open"]

    assert happened == ["open", "closed"]


def test_an_error_at_start_up_is_raised_where_the_server_is_entered():
    app = make_app()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    with pytest.raises(ConnectionError, match="no database"), LiveServer(app):
        pass


def test_nobody_listens_after_a_live_server_has_closed():
    with LiveServer(make_app()) as server:
        pass

    with pytest.raises(ConnectionRefusedError):
        get(server, "/")
