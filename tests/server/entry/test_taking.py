import asyncio

from gambrel.server.entry.taking import TakingServer
from gambrel.server.limits import Limits
from tests.server.apps import echo_app
from tests.server.live import CLOSE, PATIENCE, request, run, serving, until


class Slow:
    """A gate that lets nobody in before it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def admit(self, client, make):
        await asyncio.wait_for(self.opened.wait(), PATIENCE)
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
