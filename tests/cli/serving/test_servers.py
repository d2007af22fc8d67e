import asyncio
import importlib.util
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import QuicEvent

from gambrel.cli.certificate import development_certificate
from gambrel.cli.serving.servers import Place, arguments
from tests.cli.processes import PATIENCE, free_port, get_once_open

NAMES = ("uvicorn", "hypercorn", "granian")


@pytest.mark.parametrize("server", NAMES)
def test_another_server_serves_the_same_app(shop, start, server):
    pytest.importorskip(server)
    port = free_port()
    run = start("run", "app.py", "--server", server, "--port", port)
    run.line(rf"Gambrel serves app.py at http://127.0.0.1:{port} \({server}\)")

    assert get_once_open(port, "/users/3") == (200, "user 3")
    run.end()
    assert "GET /users/3" not in run.output


@pytest.mark.parametrize("server", ["granian", "hypercorn"])
def test_http2_is_spoken_by_those_that_can(shop, start, server):
    certificate, authority = development_certificate(shop / "keys")
    port = free_port()
    run = start("run", "app.py", "--server", server, "--port", port, "--certfile", certificate)
    run.line(rf"Gambrel serves app.py at https://127.0.0.1:{port} \({server}\)")

    trust = ssl.create_default_context(cafile=authority)
    with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, http2=True) as client:
        answer = once_open(client)
        added = client.post("/users?name=Ada")

    assert (answer.http_version, answer.text) == ("HTTP/2", "user 3")
    assert (added.http_version, added.text) == ("HTTP/2", "Ada")


def test_http3_is_spoken_where_it_is_asked_for(shop, start):
    issuer = trustme.CA()
    certificate, authority = shop / "server.pem", shop / "authority.pem"
    issuer.cert_pem.write_to_path(authority)
    issuer.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    port = free_port()
    options = ("--server", "hypercorn", "--port", port, "--certfile", certificate, "--http3")
    run = start("run", "app.py", *options, GAMBREL_SHUTDOWN_GRACE="1")
    run.line(rf"Gambrel serves app.py at https://127.0.0.1:{port} \(hypercorn\)")

    trust = ssl.create_default_context(cafile=authority)
    with httpx2.Client(base_url=f"https://127.0.0.1:{port}", verify=trust) as client:
        told = once_open(client).headers["alt-svc"]
    status, body = asyncio.run(get_by_http3(port, "/users/3", authority))

    assert f'h3=":{port}"' in told
    assert (status, body) == (b"200", b"user 3")


async def get_by_http3(port: int, path: str, authority: Path) -> tuple[bytes, bytes]:
    """Return status and body of an answer over QUIC."""
    trust = QuicConfiguration(alpn_protocols=H3_ALPN, cafile=str(authority))
    async with asyncio.timeout(PATIENCE):
        async with connect(
            "127.0.0.1", port, configuration=trust, create_protocol=Asking
        ) as asking:
            return await asking.get(f"127.0.0.1:{port}", path)


class Asking(QuicConnectionProtocol):
    """One request over HTTP/3."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.http = H3Connection(self._quic)
        self.status = self.body = b""
        self.ended = asyncio.Event()

    async def get(self, authority: str, path: str) -> tuple[bytes, bytes]:
        fields = {":method": "GET", ":scheme": "https", ":authority": authority, ":path": path}
        pairs = [(name.encode(), value.encode()) for name, value in fields.items()]
        self.http.send_headers(self._quic.get_next_available_stream_id(), pairs, end_stream=True)
        self.transmit()
        await self.ended.wait()
        return self.status, self.body

    def quic_event_received(self, event: QuicEvent) -> None:
        for found in self.http.handle_event(event):
            if isinstance(found, HeadersReceived):
                self.status = dict(found.headers)[b":status"]
            elif isinstance(found, DataReceived):
                self.body += found.data
            if isinstance(found, HeadersReceived | DataReceived) and found.stream_ended:
                self.ended.set()


def once_open(client: httpx2.Client) -> httpx2.Response:
    """Ask until somebody listens."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return client.get("/users/3")
        except httpx2.ConnectError:
            if time.monotonic() > end:
                raise
            threading.Event().wait(0.05)


@pytest.mark.parametrize("server", NAMES)
def test_a_server_that_is_not_installed_says_what_to_install(gambrel, shop, monkeypatch, server):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == server else found(name)
    )

    result = gambrel("run", "--server", server)

    assert result.exit_code == 1
    assert f"[server.not-installed] {server} is not installed" in result.stderr
    assert f"hint: pip install {server}" in result.stderr


@pytest.mark.parametrize("server", NAMES)
def test_a_taken_port_is_told_by_us(gambrel, shop, server):
    pytest.importorskip(server)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = gambrel("run", "--server", server, "--port", listener.getsockname()[1])

    assert result.exit_code == 1
    assert "[server.port-taken]" in result.stderr


def test_nobody_but_the_app_believes_forwarding_headers():
    assert "--no-proxy-headers" in arguments("uvicorn", Place("127.0.0.1", 80), 1, False)


@pytest.mark.parametrize("server", NAMES)
def test_the_access_log_is_off_unless_asked_for(server):
    place = Place("127.0.0.1", 80)

    quiet = arguments(server, place, 1, False)
    loud = arguments(server, place, 1, True)

    assert "--access-log" not in quiet
    assert "--access-logfile" not in quiet
    assert {"--access-log", "--access-logfile"} & set(loud)


@pytest.mark.parametrize("server", NAMES)
def test_workers_are_passed_on(server):
    options = arguments(server, Place("127.0.0.1", 80), 3, False)

    assert options[options.index("--workers") + 1] == "3"


def test_a_place_is_written_as_each_server_wants_it():
    assert Place("::1", 80).bind == "[::1]:80"
    assert Place("127.0.0.1", 80).bind == "127.0.0.1:80"
    assert Place("127.0.0.1", 80, "a.sock").bind == "unix:a.sock"
    assert Place("127.0.0.1", 80, "a.sock").options == ["--uds", "a.sock"]


@pytest.mark.parametrize(
    ("server", "option"),
    [
        ("uvicorn", "--timeout-graceful-shutdown 7"),
        ("hypercorn", "--graceful-timeout 7"),
        ("granian", "--workers-kill-timeout 12"),
    ],
)
def test_the_grace_is_handed_on_to_the_other_server(server, option):
    options = arguments(server, Place("127.0.0.1", 80), 1, False, grace=7)

    assert option in " ".join(options)
