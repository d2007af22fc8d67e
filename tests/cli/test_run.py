import http.client
import signal
import socket
from pathlib import Path

import pytest

from gambrel.cli.serving.listening import open_listener
from tests.cli.processes import PATIENCE, free_port, get

LIFE = """
from gambrel import App

app = App()


@app.lifespan
async def store():
    {open}
    yield
    {close}


@app.get("/")
async def home() -> str:
    return "Hello"
"""


def test_an_app_is_served_with_one_line_until_it_is_asked_to_stop(shop, start):
    run = start("run", "--port", "0")
    port = run.port()

    assert get(port) == (200, "Hello")
    assert get(port, "/users/3") == (200, "user 3")
    assert run.end(signal.SIGTERM) == 0
    lines = [line for line in run.seen if not line.startswith("warning: ")]
    assert lines == [f"Gambrel serves app.py at http://127.0.0.1:{port}"]


def test_a_platform_names_the_port_by_its_variable(shop, start):
    port = free_port()

    assert start("run", PORT=str(port)).port() == port
    assert start("run", "--port", "0", PORT=str(port)).port() != port


def test_ctrl_c_ends_it_in_peace(shop, start):
    run = start("run", "--port", "0", "--access-log")
    port = run.port()
    get(port, "/users/3?secret=x")

    assert run.end(signal.SIGINT) == 0
    assert " 127.0.0.1 GET /users/3 200 6 " in run.output
    assert "secret=x" not in run.output
    assert "Traceback" not in run.output


def test_errors_in_production_show_no_source(folder, start):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "app = App()\n"
        "@app.get('/')\n"
        "async def home() -> str: return {}['sentinel']\n"
    )
    port = start("run", "--port", "0").port()

    status, text = get(port, accept="text/html")

    assert status == 500
    assert "sentinel" not in text


def test_a_unix_socket_is_served_and_removed(shop, start):
    run = start(
        *("run", "--uds", "web.sock"),
        GAMBREL_HOSTS="shop.example",
        GAMBREL_SECRET_KEY="k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u",
    )
    run.line("unix:web.sock")

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect("web.sock")
        client.sendall(b"GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n")
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, response.read()) == (200, b"Hello")

    assert run.end() == 0
    assert not Path("web.sock").exists()


def test_a_lifespan_that_does_not_open_is_exit_code_1(folder, start):
    (folder / "app.py").write_text(LIFE.format(open="{}['shelf']", close="pass"))

    run = start("run", "--port", "0")

    assert run.end(None) == 1
    assert "gambrel: [server.start-up] the app did not start: KeyError: 'shelf'" in run.output
    assert 'app.py", line 9, in store' in run.output
    assert "gambrel/server" not in run.output


def test_a_lifespan_that_does_not_close_is_exit_code_1(folder, start):
    (folder / "app.py").write_text(LIFE.format(open="pass", close="{}['shelf']"))
    run = start("run", "--port", "0")
    run.port()

    assert run.end() == 1
    assert "gambrel: [cli.stop-failed]" in run.output


def test_a_taken_port_is_exit_code_1_and_named(gambrel, shop):
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        result = gambrel("run", "--port", port)

    assert result.exit_code == 1
    assert f"[server.port-taken] port {port} is in use" in result.stderr
    assert "--port" in result.stderr


@pytest.mark.parametrize("place", [["--host", "0.0.0.0", "--port", "0"], ["--uds", "web.sock"]])
def test_an_unsafe_app_is_not_served_where_others_reach_it(gambrel, shop, place):
    result = gambrel("run", *place)

    assert result.exit_code == 1
    assert "[core.hosts] error: no hosts are set\n  hint: set GAMBREL_HOSTS=" in result.stderr
    assert "[core.secret] error: no secret key is set" in result.stderr
    assert result.stdout == ""


def test_debug_is_not_served_where_others_reach_it(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_DEBUG", "true")

    result = gambrel("run", "--host", "0.0.0.0")

    assert result.exit_code == 1
    assert "[core.debug]" in result.stderr


def test_debug_is_not_served_in_production_even_on_loopback(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_DEBUG", "true")
    monkeypatch.setenv("GAMBREL_ENVIRONMENT", "production")

    result = gambrel("run")

    assert result.exit_code == 1
    assert "[core.debug]" in result.stderr


def test_an_error_that_a_check_finds_keeps_the_app_from_serving(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from gambrel.extend import Problem\n"
        "app = App()\n"
        "app.check(lambda app: [Problem('shop.empty', 'nothing to sell')])\n"
    )

    result = gambrel("run", "--port", "0")

    assert result.exit_code == 1
    assert "[shop.empty] error: nothing to sell" in result.stderr


def test_a_target_that_does_not_import_is_told_with_the_users_trace(gambrel, folder):
    (folder / "app.py").write_text("def shelf():\n    return {}['x']\n\n\nshelf()\n")

    result = gambrel("run")

    assert result.exit_code == 1
    assert 'app.py", line 2, in shelf' in result.stderr
    assert "gambrel/cli" not in result.stderr
    assert "importlib" not in result.stderr
    assert "gambrel: [cli.import-failed] app.py cannot be imported: KeyError: 'x'" in result.stderr


def test_a_descriptor_that_is_no_socket_is_exit_code_1(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_HOSTS", "shop.example")
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u")
    with (shop / "app.py").open() as file:
        result = gambrel("run", "--fd", file.fileno())

    assert result.exit_code == 1
    assert "[server.descriptor]" in result.stderr


def test_a_descriptor_may_be_reached_from_anywhere(gambrel, shop):
    assert "[core.hosts] error" in gambrel("run", "--fd", "3").stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--port", "65536"],
        ["--port", "x"],
        ["--workers", "0"],
        ["--server", "apache"],
        ["--fd", "3", "--server", "uvicorn"],
    ],
)
def test_a_wrong_option_is_exit_code_2(gambrel, shop, args):
    assert gambrel("run", *args).exit_code == 2


def test_what_stopping_waits_for_is_told_and_a_second_signal_does_not_wait(folder, start):
    (folder / "app.py").write_text(
        "import asyncio\n"
        "from gambrel import App\n"
        "app = App()\n"
        "@app.get('/')\n"
        "async def home() -> str:\n"
        "    print('begun', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "    return ''\n"
    )
    run = start("run", "--port", "0", GAMBREL_SHUTDOWN_GRACE="40")
    with socket.create_connection(("127.0.0.1", run.port())) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        run.line("begun")
        run.process.send_signal(signal.SIGTERM)
        run.line(r"waiting for 1 request, at most 40 s \(press Ctrl\+C again to stop at once\)")

        assert run.end(signal.SIGTERM) == 0


def test_a_password_in_the_text_of_an_error_is_not_in_the_log(folder, start):
    (folder / "app.py").write_text(
        "from gambrel import App\n\n"
        "app = App()\n\n\n"
        '@app.get("/")\n'
        "async def home() -> str:\n"
        '    raise ConnectionError("no " + "postgresql://shop:" + "hunter2" + "@db")\n'
    )
    started = start("run", "--port", "0")

    get(started.port(), "/")
    started.line("ConnectionError")
    started.end()

    assert "ConnectionError: no postgresql://shop:[hidden]@db" in started.seen
