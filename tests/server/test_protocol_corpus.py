"""Smuggling: each case of the corpus, whole, split, and behind a good request (T-C21-1)."""

import asyncio

import pytest

from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol
from gambrel.server.serve import new_event_loop
from gambrel.server.state import ServerState
from tests.server.apps import echo_app
from tests.server.corpus import CASES, Case, statuses
from tests.server.live import CLOSE, PATIENCE, request, run, serving
from tests.server.memory import MemoryTransport

FIRST = request("POST", "/echo", body=b"first")
LAST = request("GET", "/last", CLOSE)
SHORT = 600
"""Longer cases are split at fewer places: they repeat one byte."""
TURNS = 5
"""Of the loop, for an answer before the client leaves."""
Outcome = tuple[list[int], list[str]]
"""Statuses of the answers, and requests that reached the app."""
CASE = pytest.mark.parametrize("case", CASES, ids=repr)


class Lab:
    """A running app whose connections are given their bytes piece by piece, in memory."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner(loop_factory=new_event_loop)
        self.app, self.seen = echo_app()
        self.opened = self.app.running()
        self.runner.run(self.opened.__aenter__())
        self.clock = Clock(self.runner.get_loop())
        self.clock.start()
        self.state = ServerState(self.app, self.runner.get_loop(), self.clock)

    def receive(self, case: Case, *ways: list[bytes]) -> list[Outcome]:
        """Return what comes of each way to send a case."""

        async def main() -> list[Outcome]:
            async with asyncio.timeout(PATIENCE):
                return [await self.send(way, is_cut=case.is_cut) for way in ways]

        return self.runner.run(main())

    async def send(self, pieces: list[bytes], *, is_cut: bool) -> Outcome:
        """Send pieces, then a last request or the end."""
        self.seen.requests.clear()
        protocol = HTTPProtocol(self.state)
        line = MemoryTransport(protocol)
        for piece in pieces if is_cut else [*pieces, LAST]:
            while line.is_paused and not line.is_closing():  # noqa: ASYNC110 - turn by turn
                await asyncio.sleep(0)
            if not line.is_closing():
                protocol.data_received(piece)
                await asyncio.sleep(0)
        if is_cut:
            for _ in range(TURNS):
                await asyncio.sleep(0)
            protocol.eof_received()
            line.close()
        await line.closed.wait()
        seen = [one for one in self.seen.requests if one != "GET /last"]
        return statuses(bytes(line.written)), seen

    def close(self) -> None:
        self.clock.stop()
        self.runner.run(self.opened.__aexit__(None, None, None))
        self.runner.close()


@pytest.fixture(scope="module")
def lab():
    lab = Lab()
    yield lab
    lab.close()


def judge(case: Case, found: list[int], seen: list[str], before: int = 0) -> None:
    """Hold what came of a case against its folder; `before` requests were good ones."""
    assert not [one for one in seen if "smuggled" in one]
    if case.is_cut:
        assert found == [200] * before
        assert len(seen) <= before + 1
    elif case.refused:
        assert len(found) == before + case.taken + 1
        assert found[-1] == case.refused
        assert max(found[:-1], default=200) < 400
        assert len(seen) <= before + case.taken + 1  # the one whose body turned out to be broken
    else:
        assert len(seen) == before + case.taken
        assert max(found) < 500


def halves(stream: bytes) -> list[list[bytes]]:
    """Return a stream in two pieces, split at every byte, and in pieces of one byte."""
    step = 1 if len(stream) < SHORT else len(stream) // 50
    ends = range(0, len(stream), step)
    return [
        *([stream[:at], stream[at:]] for at in ends[1:]),
        [stream[at : at + step] for at in ends],
    ]


@CASE
def test_no_case_is_answered_twice_or_hides_a_request_however_it_is_split(lab, case):
    whole, *split = lab.receive(case, [case.data], *halves(case.data))

    judge(case, *whole)
    assert [outcome for outcome in split if outcome != whole] == []


@CASE
def test_a_case_behind_a_good_request_comes_to_the_same(lab, case):
    stream = FIRST + case.data

    (alone, _), *behind = lab.receive(case, [case.data], [stream], *halves(stream))

    for found, seen in behind:
        judge(case, found, seen, before=1)
        assert found == [200, *alone]
        assert seen[0] == "POST /echo"


def test_the_corpus_comes_to_the_same_over_sockets():
    async def main() -> None:
        app, seen = echo_app()
        async with serving(app) as live:
            for case in CASES:
                seen.requests.clear()
                async with await live.connect() as client:
                    await client.send(case.data if case.is_cut else case.data + LAST)
                    if case.is_cut:
                        client.writer.write_eof()
                    received = await asyncio.wait_for(client.rest(), PATIENCE)
                judge(
                    case, statuses(received), [one for one in seen.requests if one != "GET /last"]
                )
            assert live.state.pending == 0
            assert (await live.get("/")).status == 200

    run(main())
