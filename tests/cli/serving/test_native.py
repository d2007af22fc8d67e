import asyncio
import signal
import socket

import pytest

from gambrel import App, GambrelError
from gambrel.cli.serving.native import serve_app


def test_an_app_that_does_not_start_is_told_before_anything_is_said(folder, capsys):
    app = App()

    @app.lifespan
    async def store():
        raise LookupError("shelf")
        yield

    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(GambrelError) as caught:
        serve_app(app, listener, "serving")

    assert isinstance(caught.value.__cause__, LookupError)
    assert capsys.readouterr().out == ""


def test_an_app_that_does_not_close_is_told_after_it_served(folder, capsys):
    app = App()

    @app.lifespan
    async def store():
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        yield
        raise LookupError("shelf")

    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(GambrelError) as caught:
        serve_app(app, listener, "serving")

    assert caught.value.what == "the app did not close as it should: LookupError: shelf"
    assert capsys.readouterr().out == "serving\n"
