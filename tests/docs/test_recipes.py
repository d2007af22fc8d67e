"""The recipes of the guide to production, run as they stand: only ports and folders are changed."""

import re
import shlex
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect

from tests.architecture.source import ROOT
from tests.cli.processes import PATIENCE, Started, free_port, get
from tests.conftest import SERVICES

BLOCK = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEY = "0123456789abcdef" * 4
APP = """
from asyncio import sleep
from collections.abc import AsyncIterator

from gambrel import App, Request, ServerSentEvent, WebSocket
from gambrel.observability.health import Health

app = App(extensions=[Health()])


@app.get("/")
async def who(request: Request) -> list[str]:
    return [str(request.client), request.scheme, request.host]


@app.get("/ticks")
async def ticks() -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(data="first")
    await sleep(60)


@app.post("/size", max_body=2**24)
async def size(request: Request) -> int:
    return len(await request.body())


@app.websocket("/echo")
async def echo(ws: WebSocket) -> None:
    async for message in ws:
        await ws.send(message)
"""
# nginx has a file around the recipe, with what belongs to its own folder.
NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; access_log off;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    {recipe}
}}
"""


def recipe(start: str) -> str:
    """Return the block of the guide that begins so."""
    text = (ROOT / "docs/guides/production.md").read_text(encoding="utf-8")
    [found] = [block for block in BLOCK.findall(text) if block.startswith(start)]
    return str(found)


def setting(unit: str, name: str) -> str:
    """Return what a unit says of `name`, with its continued lines."""
    [found] = re.findall(rf"^{name}=((?:.*\\\n)*.*)$", unit, re.MULTILINE)
    return str(found).replace("\\\n", " ")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with an app in it."""
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Start = Callable[[str, Mapping[str, str]], Started]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start commands of a recipe, which end with the test."""
    started: list[Started] = []

    def begin(command: str, environ: Mapping[str, str]) -> Started:
        program, *args = shlex.split(command)
        assert Path(program).name == "gambrel"
        started.append(Started(args, environ))
        return started[-1]

    yield begin
    for one in started:
        one.close()


@pytest.mark.service("nginx", "openssl")
def test_nginx_passes_on_requests_streams_and_sockets(shop, start):
    port, uds = free_port(), shop / "http.sock"
    subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example"
            " -addext subjectAltName=DNS:shop.example,DNS:localhost -keyout shop.key -out shop.pem"
        ),
        check=True,
        capture_output=True,
    )
    text = recipe("upstream").replace("/run/shop/http.sock", str(uds))
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}").replace("/etc/ssl/", f"{shop}/")
    (shop / "nginx.conf").write_text(NGINX.format(folder=shop, recipe=text))
    environ = {
        "GAMBREL_ENVIRONMENT": "production",
        "GAMBREL_HOSTS": "shop.example",
        "GAMBREL_TRUSTED_PROXIES": "unix",
        "GAMBREL_SECRET_KEY": KEY,
    }
    start(f"gambrel run app.py --uds {uds}", environ).line("serves")
    command = [str(SERVICES["nginx"]()), "-p", str(shop), "-e", "error.log", "-c", "nginx.conf"]
    front = subprocess.Popen(command)
    try:
        context = ssl.create_default_context(cafile=shop / "shop.pem")
        context.check_hostname = False  # the address is this machine's
        url, host = f"https://127.0.0.1:{port}", {"host": "shop.example"}
        with httpx2.Client(base_url=url, headers=host, verify=context, timeout=PATIENCE) as client:
            answer = once_open(client)
            forged = client.get("/", headers={"x-forwarded-for": "8.8.8.8"})
            size = client.post("/size", content=bytes(5_000_000))
            with client.stream("GET", "/ticks") as stream:
                first = next(stream.iter_lines())
        tcp = socket.create_connection(("127.0.0.1", port))
        with connect(f"wss://shop.example:{port}/echo", ssl=context, sock=tcp) as ws:
            ws.send("hello")
            echoed = ws.recv(PATIENCE)
    finally:
        front.terminate()
        front.wait(PATIENCE)

    assert answer.json() == ["127.0.0.1", "https", "shop.example"]
    assert forged.json() == answer.json()
    assert size.json() == 5_000_000
    assert first == "data: first"
    assert echoed == "hello"
    assert answer.headers["strict-transport-security"]


def once_open(client: httpx2.Client) -> httpx2.Response:
    """Ask until somebody listens."""
    while True:
        try:
            return client.get("/")
        except httpx2.ConnectError:
            pass


def test_the_unit_starts_reloads_and_stops_as_systemd_would(shop, start):
    unit = recipe("[Unit]").replace("/run/shop/", f"{shop}/")
    environ = dict(pair.split("=", 1) for pair in setting(unit, "Environment").split())
    name, _ = setting(unit, "LoadCredential").split(":")
    (shop / "credentials").mkdir()
    (shop / "credentials" / name).write_text(KEY + "\n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(shop / "notify"))
        manager.settimeout(PATIENCE)
        environ |= {
            "CREDENTIALS_DIRECTORY": str(shop / "credentials"),
            "NOTIFY_SOCKET": str(shop / "notify"),
        }

        def told(what: str) -> str:
            while not (message := manager.recv(4096).decode()).startswith(what):
                pass
            return message

        serving = start(setting(unit, "ExecStart"), environ)
        pid = serving.process.pid
        assert f"MAINPID={pid}" in told("READY=1")
        answer = ask(shop / "http.sock")
        reload = start(setting(unit, "ExecReload"), environ)
        assert told("RELOADING=1")
        assert told("READY=1")
        assert reload.end(None) == 0
        serving.process.send_signal(signal.SIGTERM)
        assert told("STOPPING=1")
        assert serving.end(None) == 0

    assert answer == 200
    assert not (shop / "http.sock").exists()
    assert not (shop / "control.sock").exists()


def ask(uds: Path) -> int:
    transport = httpx2.HTTPTransport(uds=str(uds))
    with httpx2.Client(transport=transport, timeout=PATIENCE) as client:
        return client.get("http://shop.example/").status_code


def test_the_container_is_healthy_and_stops_when_told(shop, start):
    port = free_port()
    text = recipe("FROM").replace("8000", str(port))
    [command] = re.findall(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    [health] = re.findall(r'^HEALTHCHECK CMD \["python", "-c", "(.*)"\]$', text, re.MULTILINE)
    [exposed] = re.findall(r"^EXPOSE (\d+)$", text, re.MULTILINE)
    [env] = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    environ = dict(pair.split("=") for pair in env.split())
    environ |= {"GAMBREL_HOSTS": "shop.example", "GAMBREL_SECRET_KEY": KEY}
    words = " ".join(re.findall(r'"([^"]*)"', command))

    serving = start(f"{words} --port {exposed}", environ)
    serving.port()

    exec(health, {})
    assert get(port, "/", host="shop.example")[0] == 200
    assert serving.end(signal.SIGTERM) == 0
