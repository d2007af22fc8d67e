"""R03: a bank whose server is killed again and again while many transfer money.

`KILLS=100 pytest -s tests/faults/test_bank.py` is the long trial; `make soak` has it.
"""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

import httpx2
import pytest

from tests.architecture.source import ROOT
from tests.cli.processes import Started, free_port
from tests.db.conftest import servers, url

__all__ = ["servers", "url"]  # fixtures
pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("KILLS", "3"))
CLIENTS = 32
ACCOUNTS = 8
OPENING = 10_000


class Bank:
    """The example, served; it is begun anew on the same port, and on what it had written."""

    def __init__(self, **environ: str) -> None:
        self.port = free_port()
        self.environ = environ
        self.begin()

    def begin(self) -> None:
        """Start it, and wait until it serves."""
        where = ["--port", str(self.port)]
        self.run = Started(["run", str(ROOT / "examples" / "bank"), *where], self.environ)
        self.run.port()

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.run.end(signal.SIGKILL)
        self.run.close()

    def client(self) -> httpx2.AsyncClient:
        """Return a client of it."""
        return httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=30)


class Order(NamedTuple):
    """What one client wants to be moved."""

    number: UUID
    source: int
    target: int
    amount: int


class History:
    """What was ordered, and what the bank has said to it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.made: list[Order] = []
        self.refused: list[Order] = []
        self.open: list[Order] = []
        self.seen: Counter[int | str] = Counter()

    def new(self) -> Order:
        """Return another order."""
        source, target = self.chance.sample(range(1, ACCOUNTS + 1), 2)
        number = UUID(int=self.chance.getrandbits(128), version=4)
        return Order(number, source, target, self.chance.randrange(1, OPENING // 2))

    async def send(self, client: httpx2.AsyncClient, order: Order) -> None:
        """Send an order; without an answer it is open."""
        sent = {"source": order.source, "target": order.target, "amount": order.amount}
        try:
            answer = await client.put(f"/transfers/{order.number}", json=sent)
        except httpx2.TransportError:
            self.seen["no answer"] += 1
            self.open.append(order)
            return
        self.seen[answer.status_code] += 1
        known = {200: self.made, 201: self.made, 409: self.refused}
        known.get(answer.status_code, self.open).append(order)


async def transfer_and_kill(bank: Bank, history: History) -> None:
    """Have all clients transfer while the server is killed and started anew."""
    stop, serves = asyncio.Event(), asyncio.Event()

    async def go_on() -> None:
        async with bank.client() as client:
            while not stop.is_set():
                await serves.wait()
                await history.send(client, history.new())

    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(go_on())
        for _ in range(KILLS):
            serves.set()
            await asyncio.sleep(history.chance.uniform(0.1, 0.6))
            await asyncio.to_thread(bank.kill)
            serves.clear()
            await asyncio.to_thread(bank.begin)
        stop.set()
        serves.set()


async def settle(bank: Bank, history: History) -> None:
    """Send again what is open, as whoever got no answer does."""
    async with bank.client() as client:
        while history.open:
            await history.send(client, history.open.pop())


async def check(bank: Bank, history: History) -> None:
    """Hold the bank's books against what it has said."""
    expected = dict.fromkeys(range(1, ACCOUNTS + 1), OPENING)
    for order in history.made:
        expected[order.source] -= order.amount
        expected[order.target] += order.amount
    async with bank.client() as client:
        books = (await client.get("/books")).json()
        accounts = [(await client.get(f"/accounts/{number}")).json() for number in expected]
        kept = {order: (await client.get(f"/transfers/{order.number}")) for order in history.made}
        none = [await client.get(f"/transfers/{order.number}") for order in history.refused]
    assert books == {
        "accounts": ACCOUNTS,
        "transfers": len(history.made),
        "total": ACCOUNTS * OPENING,
    }
    assert {account["id"]: account["balance"] for account in accounts} == expected
    assert [order for order, answer in kept.items() if answer.status_code != 200] == []
    assert {answer.status_code for answer in none} <= {404}


@pytest.fixture
def bank(url, tmp_path) -> Iterator[Bank]:
    served = Bank(GAMBREL_DATABASE_URL=url, GAMBREL_INSTANCE=str(tmp_path))
    yield served
    served.run.close()


def test_r03_what_was_acknowledged_is_there_and_the_sum_is_right(bank):
    history = History(seed=KILLS)

    async def main() -> None:
        async with bank.client() as client:
            for number in range(ACCOUNTS):
                opening = {"owner": f"Client {number}", "balance": OPENING}
                assert (await client.post("/accounts", json=opening)).status_code == 201
        await transfer_and_kill(bank, history)
        await settle(bank, history)
        await check(bank, history)

    asyncio.run(main())
    told = f"{KILLS} kills, {len(history.made)} transfers made; answers: {dict(history.seen)}"
    sys.stdout.write(told + "\n")
    assert history.seen["no answer"] > 0
    assert history.seen[201] > 0
