import asyncio

import pytest

from gambrel.server.entry.taking import TakingServer
from gambrel.server.limits import Limits
from gambrel.server.serve import Server
from gambrel.server.tls import tls_context
from tests.server.apps import echo_app
from tests.server.live import CLOSE, request, run, serving, until


class Slow:
    """A gate that lets nobody in before it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def admit(self, client, make):
        await self.opened.wait()
        return make


def test_a_server_that_accepts_by_itself_serves_as_any_other():
    async def main() -> list[int]:
        async with serving(echo_app()[0], make=TakingServer) as live:
            return [(await live.get("/")).status for _ in range(3)]

    assert run(main()) == [200, 200, 200]


def test_who_waits_at_the_gate_counts_as_a_connection():
    async def main() -> tuple[bytes, list[bytes], int]:
        gate = Slow()
        options = {"limits": Limits(connections=2), "make": TakingServer, "gate": gate}
        async with serving(echo_app()[0], **options) as live:
            waiting = [await live.connect() for _ in range(2)]
            await until(lambda: live.server.count() == 2)
            refused = await live.talk(request("GET", "/", CLOSE))
            gate.opened.set()
            for client in waiting:
                await client.send(request("GET", "/", CLOSE))
            served = [await client.rest() for client in waiting]
            for client in waiting:
                client.close()
            await until(lambda: live.server.count() == 0)
            return refused, served, (await live.get("/")).status

    refused, served, status = run(main())

    assert refused == b""
    assert [answer[-4:] for answer in served] == [b"root", b"root"]
    assert status == 200


@pytest.mark.parametrize("is_secure", [False, True])
def test_a_stop_does_not_wait_for_who_has_not_come_in(certificate, is_secure):
    """The end of `serving` would wait for half a minute, and fail."""

    async def main() -> bytes:
        tls = tls_context(*certificate) if is_secure else None
        limits = Limits(shutdown_grace=3600, idle_grace=0, header_timeout=3600)
        options = {"gate": None if is_secure else Slow(), "tls": tls, "make": TakingServer}
        async with serving(echo_app()[0], limits, **options) as live:
            client = await live.connect()
            await until(lambda: live.server.count() == 1)
        received = await client.rest()
        client.close()
        return received

    assert run(main()) == b""


@pytest.mark.parametrize("make", [Server, TakingServer])
def test_a_handshake_that_does_not_come_in_time_is_not_waited_for(certificate, make):
    async def main() -> tuple[bytes, int]:
        tls = tls_context(*certificate)
        async with serving(echo_app()[0], Limits(header_timeout=0.1), make, tls=tls) as live:
            return await live.talk(b"\x16\x03\x01"), len(live.state.connections)

    assert run(main()) == (b"", 0)
