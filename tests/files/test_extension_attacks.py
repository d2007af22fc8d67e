"""T-C01: names from strangers lead to files below the folder, and to nothing else."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gambrel import App
from gambrel.files import FrontEnd, StaticFiles
from gambrel.testing import LiveServer

_TEXT = r"""
/static/../index.html /static/..%2findex.html /static/%2e%2e/index.html /static/..%5cindex.html
/static/%2e%2e%5cindex.html /static/%2e%2e%2findex.html /static/%252e%252e/index.html
/static/..%252findex.html /static/.%2e/index.html /static/css/../../index.html
/static/css/..%2f..%2findex.html /static/./a.css /static/%2e/a.css /static/css/%2e%2e/a.css
/static//etc/passwd /static///etc/passwd /static/%2fetc%2fpasswd /static/%2f/etc/passwd
/static//a.css /static/css//b.css /static/css%2fb.css /static/css%2Fb.css /static/css%5cb.css
/static/a%00.css /static/a.css%00 /static/a.css%00.png /static/a%0d%0a /static/a%0a.css
/static/../S-secret/k /static/..%2fS-secret/k /static/%2e%2e/S-secret/k /static-secret/k
/static/....//index.html /static/..../index.html /static/.../index.html /static/..;/index.html
/static/..;a=b/index.html /static/%c0%ae%c0%ae/index.html /static/%c0%af..%c0%afetc/passwd
/static/%uff0e%uff0e/index.html /static/%ef%bc%8e%ef%bc%8e/index.html
/static/%e2%80%a5/index.html /static/C:/x /static/C%3a%5cx /static/c:a.css /static/%43%3a/a.css
/static///server/share /static/%5c%5cserver%5cshare /static/%5c%5c%3f%5cC:%5cx
/static/CON /static/con /static/nul.txt /static/css/AUX /static/COM%C2%B9 /static/COM1.css
/static/CON%20.css /static/LPT9 /static/CONIN$ /static/prn.a.b
/static/a.css::$DATA /static/a.css:s /static/a.css%3As /static/a.css. /static/a.css%20
/static/a.css/ /static/a.css/. /static/a.css/b /static/A.CSS%2f /static/a.css%2f
/static/.git/config /static/.env /static/css/.hidden /static/%2eenv /static/.well-known/x
/static/ /static/css /static/css/ /static/out /static/out/passwd /static/in.css /static/fifo
/static/* /static/a*.css /static/?.css /static/a%3f.css /static/%7e/a.css /static/~root/a
/static/a.css%e2%80%ae /static/%e2%80%8ba.css /static/%ff /static/%80.css
/static/file:///etc/passwd /static/%66ile:%2f%2f/etc/passwd
"""
TARGETS = _TEXT.split()
LONG = ["/static/" + "a" * 300, "/static/" + "a/" * 2_000 + "a.css", "/static/" + "../" * 500]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    top = tmp_path_factory.mktemp("top")
    root = top / "S"
    (root / "css").mkdir(parents=True)
    (root / ".git").mkdir()
    (top / "S-secret").mkdir()
    for name in ("index.html", "S-secret/k", "S/.env", "S/.git/config", "S/css/.hidden"):
        (top / name).write_text("SECRET")
    for name in ("a.css", "css/b.css"):
        (root / name).write_text("a {}")
    (root / "out").symlink_to("/etc")
    (root / "in.css").symlink_to(root / "a.css")
    os.mkfifo(root / "fifo")
    return root


@pytest.fixture(scope="module", params=[False, True], ids=["production", "debug"])
def server(folder, request) -> Iterator[LiveServer]:
    app = App(extensions=[StaticFiles(folder)], debug=request.param)
    with LiveServer(app) as running:
        yield running


def ask(server: LiveServer, target: str) -> tuple[int, bytes]:
    """Send a target as it is; return the status and the body."""
    with socket.create_connection((server.host, server.port), timeout=20) as line:
        line.sendall(
            f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize("target", TARGETS + LONG)
def test_a_hostile_name_finds_nothing(server, target):
    status, body = ask(server, target)

    assert status in {308, 400, 404, 414}
    assert b"SECRET" not in body
    assert b"root:" not in body


def test_what_is_refused_looks_like_what_is_not_there(server):
    answers = {
        ask(server, f"/static/{name}")
        for name in (
            "nothing",
            ".env",
            "out",
            "in.css",
            "fifo",
            "CON",
            "css",
            "a.css.",
            "css%2fb.css",
        )
    }

    assert len(answers) == 1


def test_the_files_themselves_are_served(server):
    assert ask(server, "/static/a.css") == (200, b"a {}")
    assert ask(server, "/static/css/b.css") == (200, b"a {}")
    assert ask(server, "/static/%61.css") == (200, b"a {}")


def test_nothing_outside_is_ever_opened(server, folder):
    opened: list[str] = []
    is_watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if is_watching and event == "open" and isinstance(arguments[0], str):
            opened.append(arguments[0])

    sys.addaudithook(watch)  # for good: there is no way to take one away
    try:
        for target in TARGETS:
            ask(server, target)
        ask(server, "/static/a.css")
    finally:
        is_watching = False

    # Components are opened relative to the folder: nothing but the root is named by a path.
    assert {
        path for path in opened if "/" in path and path.startswith(("/etc", str(folder.parent)))
    } <= {str(folder)}
    assert not [path for path in opened if ".." in path or "passwd" in path]


def test_a_folder_that_is_swapped_for_a_link_again_and_again_leads_nowhere(tmp_path):
    root = tmp_path / "S"
    (root / "real").mkdir(parents=True)
    (root / "real" / "passwd").write_text("harmless")
    (tmp_path / "link").symlink_to("/etc")
    place, real, new = root / "d", root / "real", root / "new"
    stop = threading.Event()

    def flip() -> None:
        while not stop.is_set():
            new.symlink_to("/etc")
            new.replace(place)
            place.unlink()
            real.rename(place)
            place.rename(real)

    flipping = threading.Thread(target=flip)
    flipping.start()
    try:
        with LiveServer(App(extensions=[StaticFiles(root)], debug=True)) as server:
            bodies = {ask(server, "/static/d/passwd")[1] for _ in range(1_000)}
    finally:
        stop.set()
        flipping.join()

    assert not [body for body in bodies if b"root:" in body]


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "//evil.example/..", "/%2fevil.example", "/%5cevil.example", "/docs%2f.."],
)
def test_a_redirect_to_a_folder_leads_to_no_other_host(folder, target):
    (folder / "evil.example").mkdir(exist_ok=True)
    (folder / "evil.example" / "index.html").write_text("x")
    for extension in (StaticFiles(folder, "/", index=True), FrontEnd(folder)):
        with LiveServer(App(extensions=[extension])) as server:
            assert ask(server, target)[0] in {400, 404}
