import asyncio
import socket

from gambrel.server.entry.accepting import Acceptor
from gambrel.server.workers.scoreboard import Scoreboard, Share
from tests.server.live import run, until


def test_the_worker_with_fewer_connections_takes_them_and_the_rest_is_not_lost():
    async def main() -> tuple[list[int], int]:
        board = Scoreboard.create()
        taken: list[list[socket.socket]] = [[], []]
        acceptors = []
        listener = socket.create_server(("127.0.0.1", 0))
        address = listener.getsockname()
        for slot, mine in enumerate(taken):
            board.open(slot)

            async def keep(client: socket.socket, mine: list[socket.socket] = mine) -> None:
                mine.append(client)

            count = mine.__len__
            share = Share(board, slot)
            spawn = asyncio.get_running_loop().create_task
            acceptors.append(Acceptor(listener.dup(), share, count, keep, spawn))
            acceptors[-1].start()
        clients = [socket.create_connection(address) for _ in range(64)]
        await until(lambda: sum(map(len, taken)) == 64)
        spread = [len(mine) for mine in taken]
        clients.append(socket.create_connection(address))
        for acceptor in acceptors:
            acceptor.close()
        await until(lambda: sum(map(len, taken)) == 65)
        for one in (listener, *clients, *taken[0], *taken[1]):
            one.close()
        board.close()
        return spread, len(clients)

    spread, _ = run(main())

    assert min(spread) >= 25
