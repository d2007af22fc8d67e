import ssl

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.defaults import ServerLimits
from gambrel.server.entry.gate import ProxyGate
from gambrel.server.entry.taking import TakingServer
from gambrel.server.limits import Limits
from gambrel.server.tls import tls_context
from tests.server.live import CLOSE, Live, request, run, serving

FOUR = b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"
LOOPBACK = ["127.0.0.0/8"]


def app_that_tells(**options: object) -> App:
    app = App(extensions=[ServerLimits()], **options)

    @app.get("/")
    async def root(request: Request) -> str:
        client, server = request.connection.client, request.connection.server
        return f"{request.client} {client[1]} {server[0]} {request.scheme}"

    return app


def gated(app: App, listener: object, **options: object) -> TakingServer:
    """Return a server whose connections begin with a header."""
    gate = ProxyGate.of_app(app)
    limits = options.get("limits")
    if limits is not None:
        gate.timeout = limits.header_timeout
    return TakingServer(app, listener, gate=gate, **options)


def talk(stream: bytes, trusted: list[str] = LOOPBACK, **options: object) -> bytes:
    """Return what comes of bytes, sent to a server that expects a header."""

    async def main() -> bytes:
        app = app_that_tells(trusted_proxies=trusted)
        async with serving(app, make=gated, **options) as live:
            return await live.talk(stream)

    return run(main())


def body_of(answer: bytes) -> str:
    return answer.partition(b"\r\n\r\n")[2].decode()


def test_the_client_is_the_one_the_balancer_tells():
    assert body_of(talk(FOUR + request("GET", "/", CLOSE))) == "203.0.113.9 4711 192.0.2.1 http"


def test_forwarding_headers_of_a_client_behind_a_balancer_are_not_believed():
    for header in (FOUR, b"PROXY UNKNOWN\r\n"):
        forged = request("GET", "/", CLOSE + b"X-Forwarded-For: 198.51.100.1\r\n")

        assert "198.51.100.1" not in body_of(talk(header + forged))


def test_a_balancer_that_speaks_for_itself_is_its_own_client():
    local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"

    assert body_of(talk(local + request("GET", "/", CLOSE))).startswith("127.0.0.1 ")


@pytest.mark.parametrize(
    "start", [b"", b"PROXY TCP4 nonsense\r\n", b"\r\n\r\n\0\r\nQUIT\n\x11\0\0\0"]
)
def test_a_connection_without_a_header_is_closed_without_a_word(start, caplog):
    assert talk(start + request("GET", "/", CLOSE)) == b""
    assert "its PROXY header cannot be used" in caplog.text


def test_a_header_of_a_stranger_is_closed_unread(caplog):
    assert talk(FOUR + request("GET", "/", CLOSE), ["10.0.0.0/8"]) == b""
    assert "127.0.0.1 is closed: it is none of the trusted proxies" in caplog.text


def test_a_header_that_does_not_come_in_time_is_not_waited_for(caplog):
    assert talk(FOUR[:20], limits=Limits(header_timeout=0.05)) == b""
    assert "did not come in time" in caplog.text


def test_tls_begins_behind_the_header(certificate):
    async def main() -> str:
        app = app_that_tells(trusted_proxies=LOOPBACK)
        async with serving(app, make=gated, tls=tls_context(*certificate)) as live:
            return await over_tls(live, certificate[0])

    assert run(main()) == "203.0.113.9 4711 192.0.2.1 https"


async def over_tls(live: Live, authority: object) -> str:
    """Send a header in the clear, then a request over TLS."""
    trust = ssl.create_default_context(cafile=authority)
    async with await live.connect() as client:
        await client.send(FOUR)
        await client.writer.start_tls(trust, server_hostname="localhost")
        await client.send(request("GET", "/", CLOSE))
        return (await client.answer()).body.decode()


def test_the_time_for_a_header_is_that_for_the_head_of_a_message():
    app = app_that_tells(trusted_proxies=LOOPBACK, server={"header_timeout": 3})

    assert ProxyGate.of_app(app).timeout == 3


def test_where_nobody_is_trusted_the_server_does_not_start():
    with pytest.raises(GambrelError, match="nobody is trusted") as caught:
        ProxyGate.of_app(app_that_tells())

    assert caught.value.code == "server.proxy-protocol"
