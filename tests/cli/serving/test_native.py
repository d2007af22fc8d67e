import asyncio
import signal
import socket

import pytest

from gambrel import App, GambrelError
from gambrel.cli.serving.native import gate_of, serve_app


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


@pytest.mark.parametrize(("option", "setting"), [(True, False), (False, True), (False, False)])
def test_headers_of_balancers_are_read_where_the_option_or_the_setting_says_so(option, setting):
    app = App(trusted_proxies=["10.0.0.0/8"], server={"proxy_protocol": setting})
    app.build()

    assert (gate_of(app, option) is not None) is (option or setting)
