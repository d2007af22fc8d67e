import signal
import ssl
import threading
from pathlib import Path

import httpx2
import pytest

from gambrel.cli.dev import outermost
from tests.cli.conftest import SHOP
from tests.cli.processes import Started, get

PAGES = """
from gambrel import App
from gambrel.templates import Template, Templates

app = App(extensions=[Templates()])


@app.get("/")
async def page() -> Template:
    return Template("page.html")
"""


@pytest.fixture
def dev(shop: Path, start) -> Started:
    """Serve the shop for its developer."""
    return start("dev", "--port", "0")


def rewrite(folder: Path, old: str, new: str) -> None:
    source = (folder / "app.py").read_text()
    (folder / "app.py").write_text(source.replace(old, new))


def test_a_saved_file_is_served_without_a_refused_connection(dev, shop):
    port = dev.port()
    assert get(port) == (200, "Hello")
    answers: list[tuple[int, str]] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            answers.append(get(port))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for old, new in (("Hello", "Hallo"), ("Hallo", "Salut")):  # twice in a second, same size
            rewrite(shop, old, new)
            dev.line("app.py changed: reloading")
            dev.line("^ready$")
            assert get(port) == (200, new)
    finally:
        enough.set()
        asking.join()

    assert {status for status, _ in answers} == {200}
    assert {"Hello", "Salut"} <= {text for _, text in answers} | {"Hello"}
    assert dev.end() == 0


def test_an_app_that_does_not_import_is_served_as_its_error_until_it_does(dev, shop):
    port = dev.port()
    get(port)

    (shop / "app.py").write_text(f"{SHOP}\nshelf = {{}}['lamp']\n")
    dev.line("cli.import-failed")
    dev.line("serving the error")
    status, text = get(port, "/users/3", accept="text/html")
    assert status == 500
    assert "KeyError" in text
    assert "lamp" in text

    (shop / "app.py").write_text(SHOP)
    dev.line("^ready$")
    assert get(port) == (200, "Hello")


def test_a_template_that_was_missing_is_enough_to_serve_the_app(folder, start):
    (folder / "app.py").write_text(PAGES)
    dev = start("dev", "--port", "0")
    port = dev.port()
    dev.line("templates.no-folder")
    dev.line("serving the error")
    assert get(port)[0] == 500

    for text in ("hello", "hello again"):
        (folder / "templates").mkdir(exist_ok=True)
        (folder / "templates" / "page.html").write_text(text)
        if text == "hello":
            dev.line("changed: reloading")
            dev.line("^ready$")
        assert get(port) == (200, text)


def test_an_app_that_ends_its_process_is_served_as_that(shop, start):
    (shop / "app.py").write_text("import os\n\nos._exit(7)\n")
    dev = start("dev", "--port", "0")

    status, text = get(dev.port(), accept="text/html")

    assert status == 500
    assert "the process of the app ended with exit code 7" in text


def test_an_error_in_a_handler_is_shown_with_its_source(shop, start):
    rewrite(shop, 'return "Hello"', "return {}['lamp']")

    status, text = get(start("dev", "--port", "0").port(), accept="text/html")

    assert status == 500
    assert "lamp" in text


def test_the_documentation_page_is_on(dev):
    assert get(dev.port(), "/docs", accept="text/html")[0] == 200


def test_tls_is_spoken_before_and_after_a_save_and_browsers_are_not_told_to_insist(shop, start):
    dev = start("dev", "--port", "0", "--tls", XDG_CONFIG_HOME=str(shop / "home"))
    authority = dev.line("trusts (.*) shows")[1]
    port = int(dev.line(r"https://127.0.0.1:(\d+)")[1])

    with httpx2.Client(verify=ssl.create_default_context(cafile=authority)) as client:
        first = client.get(f"https://127.0.0.1:{port}/")
        rewrite(shop, "Hello", "Hallo")
        dev.line("^ready$")
        second = client.get(f"https://localhost:{port}/")

    assert Path(authority).is_relative_to(shop / "home")
    assert (first.text, second.text) == ("Hello", "Hallo")
    assert "strict-transport-security" not in first.headers
    assert dev.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_workers(dev, number):
    port = dev.port()
    get(port)

    assert dev.end(number) == 0
    with pytest.raises(ConnectionRefusedError):
        get(port)
    assert "Traceback" not in dev.output


def test_the_workers_end_with_who_started_them(dev):
    get(dev.port())

    assert dev.end(signal.SIGKILL) == -signal.SIGKILL
    assert dev.is_silent


def test_production_is_exit_code_1(shop, start):
    dev = start("dev", "--port", "0", GAMBREL_ENVIRONMENT="production")

    assert dev.end(None) == 1
    assert "[cli.dev-production]" in dev.output


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_machines_are_kept_out(gambrel, shop, host):
    result = gambrel("dev", "--host", host)

    assert result.exit_code == 1
    assert "[cli.dev-exposed]" in result.stderr


def test_folders_inside_others_are_not_watched_twice(folder):
    for name in ("a/b", "c"):
        (folder / name).mkdir(parents=True)

    assert outermost([folder / "a", folder / "a" / "b", folder / "c", folder / "a"]) == [
        folder / "a",
        folder / "c",
    ]


def test_a_file_that_is_not_there_is_not_served(start, folder):
    started = start("dev", "ap.py", "--port", "0")

    started.line("there is no file or module 'ap.py'")
    assert started.end(None) == 1
