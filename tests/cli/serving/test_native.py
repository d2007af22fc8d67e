import asyncio
import signal
import socket

import pytest

from gambrel import App, GambrelError
from gambrel.cli.serving.native import gate_of, serve_app
from tests.cli.processes import get


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


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("options", "expected"), [((), "uvloop"), (("--loop", "asyncio"), "asyncio.")]
)
def test_the_loop_is_chosen(folder, start, workers, options, expected):
    (folder / "app.py").write_text(
        "import asyncio\n"
        "from gambrel import App\n"
        "app = App()\n"
        "@app.get('/')\n"
        "async def loop() -> str: return type(asyncio.get_running_loop()).__module__\n"
    )
    run = start("run", "--port", "0", "--workers", workers, *options)

    assert get(run.port())[1].startswith(expected)
    assert run.end() == 0


@pytest.mark.parametrize("option", [["--proxy-protocol"], ["--loop", "asyncio"]])
def test_the_options_of_the_native_server_are_for_no_other(shop, gambrel, option):
    result = gambrel("run", "--server", "uvicorn", *option)

    assert result.exit_code == 2
    assert "are for the native server" in result.output
