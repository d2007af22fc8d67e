import asyncio
import socket

from gambrel.server.workers.link import Link
from gambrel.server.workers.messages import Beat, Drain, Hasten, Lines, Ready, decode_from_worker
from gambrel.server.workers.scoreboard import Scoreboard, Share
from gambrel.server.workers.worker import WorkerServer
from tests.server.apps import echo_app
from tests.server.live import PATIENCE, Client, request, run


def test_requests_are_counted_and_told_and_a_drain_ends_it():
    async def main() -> list[object]:
        app, _ = echo_app()
        ours, theirs = socket.socketpair()
        board = Scoreboard.create()
        board.open(0)
        listener = socket.create_server(("127.0.0.1", 0))
        server = WorkerServer(app, listener, Link(theirs), Share(board, 0))
        ready = asyncio.Event()
        running = asyncio.create_task(server.run(ready.set))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        address = listener.getsockname()
        async with Client(*await asyncio.open_connection(*address)) as client:
            await client.send(request("GET", "/"))
            await client.answer()
            server.beat()
        server.link.send(Ready(server.grace))
        server.hear(Drain())
        server.hear(Hasten())
        await asyncio.wait_for(running, PATIENCE)
        found = [decode_from_worker(line) for line in Lines().feed(ours.recv(10_000))]
        ours.close()
        theirs.close()
        board.close()
        return found

    assert run(main()) == [Beat(1, 1, 0), Ready(25.0)]
