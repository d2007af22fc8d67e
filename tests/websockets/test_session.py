import asyncio

import pytest

from gambrel.websockets import WebSocketClosed
from gambrel.websockets.limits import Limits
from gambrel.websockets.session import Session


class Paper:
    """A wire that writes down what it is told."""

    is_writable = True
    unsent = 0

    def __init__(self) -> None:
        self.told: list[object] = []

    def send(self, data) -> None:
        self.told.append(data)

    def close(self, code, reason) -> None:
        self.told.append((code, reason))

    def confirm(self) -> None:
        self.told.append("confirmed")

    def throttle(self, is_full) -> None:
        self.told.append(is_full)


def opened(**limits) -> tuple[Session, Paper]:
    session, wire = Session(Limits(**limits)), Paper()
    session.open(wire)
    return session, wire


def test_a_client_that_is_ahead_of_the_handler_is_made_to_wait_and_loses_nothing():
    async def main():
        session, wire = opened(queue=4)
        for number in range(4):
            session.take(str(number))
        told = list(wire.told)
        received = [await session.receive() for _ in range(4)]
        return told, received, wire.told

    assert asyncio.run(main()) == ([True], ["0", "1", "2", "3"], [True, False])


def test_large_messages_count_by_their_size():
    async def main():
        session, wire = opened(max_message=10)
        session.take("x" * 6)
        session.take("x" * 6)
        return wire.told

    assert asyncio.run(main()) == [True]


def test_a_cancelled_receive_loses_no_message():
    async def main():
        session, _ = opened()
        waiting = asyncio.ensure_future(session.receive())
        await asyncio.sleep(0)
        session.take("first")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await session.receive()

    assert asyncio.run(main()) == "first"


def test_two_tasks_cannot_receive_at_once():
    async def main():
        session, _ = opened()
        waiting = asyncio.ensure_future(session.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="two tasks receive"):
            await session.receive()
        session.take("x")
        return await waiting

    assert asyncio.run(main()) == "x"


def test_what_came_before_the_end_is_received_and_then_the_end():
    async def main():
        session, _ = opened()
        session.take("last")
        session.end(4000, "bye")
        assert await session.receive() == "last"
        with pytest.raises(WebSocketClosed) as found:
            await session.receive()
        return found.value.code, found.value.reason

    assert asyncio.run(main()) == (4000, "bye")


def test_what_a_client_sent_before_it_closed_can_still_be_answered():
    async def main():
        session, wire = opened()
        session.take("last")
        session.leave(4000, "bye")
        await session.send(await session.receive())
        with pytest.raises(WebSocketClosed):
            await session.receive()
        return wire.told, session.closed.code

    assert asyncio.run(main()) == (["last", "confirmed"], 4000)


def test_a_handler_that_asks_for_nothing_does_not_hold_a_closing_up():
    async def main():
        session, wire = opened(close_timeout=0.01)
        session.leave(1001, "")
        await asyncio.wait_for(session.close(1000, ""), 10)
        return wire.told, session.closed.code

    assert asyncio.run(main()) == (["confirmed"], 1001)


def test_a_sender_waits_for_a_slow_client():
    async def main():
        session, wire = opened()
        wire.is_writable = False
        sending = asyncio.ensure_future(session.send("x"))
        await asyncio.sleep(0)
        assert not sending.done()
        wire.is_writable = True
        session.resume()
        await sending
        return wire.told

    assert asyncio.run(main()) == ["x"]


def test_a_sender_that_waits_hears_that_the_client_has_gone():
    async def main():
        session, wire = opened()
        wire.is_writable = False
        sending = asyncio.ensure_future(session.send("x"))
        await asyncio.sleep(0)
        session.end()
        with pytest.raises(WebSocketClosed) as found:
            await sending
        return found.value.code

    assert asyncio.run(main()) == 1006


def test_after_closing_nothing_is_sent_and_what_comes_is_dropped():
    async def main():
        session, wire = opened()
        session.take("unread")
        closing = asyncio.ensure_future(session.close(1000, "x" * 200))
        await asyncio.sleep(0)
        with pytest.raises(WebSocketClosed):
            await session.send("late")
        session.end(1000, "")
        await closing
        with pytest.raises(WebSocketClosed):
            await session.receive()
        return wire.told

    assert asyncio.run(main()) == [(1000, "x" * 123)]


def test_a_handshake_that_is_never_answered_ends():
    async def main():
        session = Session(Limits(close_timeout=0.01))
        with pytest.raises(WebSocketClosed) as found:
            await session.receive()
        return session.accepted.done(), found.value.code

    assert asyncio.run(main()) == (True, 1006)


def test_a_handler_that_does_not_notice_the_end_is_cancelled():
    async def main():
        session, _ = opened(close_timeout=0.01)
        session.task = asyncio.ensure_future(asyncio.Event().wait())
        session.end()
        await asyncio.wait([session.task], timeout=10)
        return session.task.cancelled()

    assert asyncio.run(main())


def test_a_code_that_may_not_be_sent_is_refused():
    async def main():
        session, wire = opened()
        with pytest.raises(ValueError, match="1006"):
            await session.close(1006, "")
        return wire.told

    assert asyncio.run(main()) == []


LEAVE = [
    lambda session: session.leave(1001, ""),
    lambda session: session.begin_close(1012, "restarting"),
    lambda session: session.end(),
]


@pytest.mark.parametrize("leave", LEAVE)
@pytest.mark.parametrize("is_before", [True, False])
def test_what_waits_while_the_socket_is_open_is_broken_off(leave, is_before):
    async def main():
        session, _ = opened()
        if is_before:
            leave(session)
        else:
            session.loop.call_soon(leave, session)
        async with session.while_open():
            await asyncio.Event().wait()
        return session.scopes

    assert asyncio.run(asyncio.wait_for(main(), 10)) == []


def test_a_block_that_ends_by_itself_is_not_broken_off_later():
    async def main():
        session, _ = opened()
        async with session.while_open():
            pass
        with pytest.raises(TimeoutError, match="its own"):
            async with session.while_open():
                raise TimeoutError("its own")
        session.leave(1001, "")
        await asyncio.sleep(0)
        return session.scopes

    assert asyncio.run(main()) == []


@pytest.mark.parametrize("steps", range(5))
def test_a_block_that_begins_while_the_socket_closes_keeps_it_from_no_end(steps):
    async def main():
        session, _ = opened()
        session.leave(1000, "")

        async def block() -> None:
            async with session.while_open():
                await asyncio.sleep(30)

        task = asyncio.create_task(block())
        for _ in range(steps):  # the client may go at any moment of its being broken off
            await asyncio.sleep(0)
        session.end()
        await task
        return session.wire, session.scopes

    assert asyncio.run(main()) == (None, [])
