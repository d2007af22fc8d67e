import asyncio
import logging
from dataclasses import dataclass

import pytest

from gambrel.core.app.events import AppEvent, AppStarted, Event, Events, Listener


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    number: int


class RushOrderPlaced(OrderPlaced):
    pass


def test_sync_and_async_listeners_hear_in_the_order_of_declaration() -> None:
    heard: list[str] = []

    async def second(event: OrderPlaced) -> None:
        heard.append(f"second {event.number}")

    events = Events()
    events.add(Listener(OrderPlaced, lambda event: heard.append(f"first {event.number}")))
    events.add(Listener(OrderPlaced, second))

    asyncio.run(events.emit(OrderPlaced(7)))

    assert heard == ["first 7", "second 7"]


def test_a_higher_priority_hears_first() -> None:
    heard: list[str] = []
    events = Events(
        [
            Listener(OrderPlaced, lambda _: heard.append("low"), -1),
            Listener(OrderPlaced, lambda _: heard.append("none")),
            Listener(OrderPlaced, lambda _: heard.append("high"), 1),
        ]
    )

    asyncio.run(events.emit(OrderPlaced(1)))

    assert heard == ["high", "none", "low"]


def test_a_listener_hears_subclasses_and_nothing_else() -> None:
    heard: list[Event] = []
    events = Events([Listener(OrderPlaced, heard.append)])
    rush = RushOrderPlaced(1)

    asyncio.run(events.emit(rush))
    asyncio.run(events.emit(AppStarted(None)))

    assert heard == [rush]


def test_a_failing_listener_is_logged_and_the_others_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError("no")

    events = Events([Listener(Event, fail), Listener(Event, heard.append)])

    with caplog.at_level(logging.ERROR, "gambrel.events"):
        asyncio.run(events.emit(OrderPlaced(1)))

    assert heard == [OrderPlaced(1)]
    assert [record.name for record in caplog.records] == ["gambrel.events"]


def test_raising_collects_all_errors_after_everybody_has_heard() -> None:
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError("no")

    events = Events([Listener(Event, fail), Listener(Event, heard.append), Listener(Event, fail)])

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(events.emit(OrderPlaced(1), raising=True))

    assert len(caught.value.exceptions) == 2
    assert heard == [OrderPlaced(1)]


def test_wait_gets_the_next_event_of_its_type() -> None:
    async def scenario() -> OrderPlaced:
        events = Events()
        waiting = asyncio.ensure_future(events.wait(OrderPlaced))
        await asyncio.sleep(0)
        await events.emit(AppStarted(None))
        await events.emit(RushOrderPlaced(2))
        await events.emit(OrderPlaced(3))
        assert not events.has(AppStarted)
        return await waiting

    assert asyncio.run(scenario()) == RushOrderPlaced(2)


def test_wait_gives_up_after_its_time_and_leaves_nothing_behind() -> None:
    async def scenario() -> bool:
        events = Events()
        with pytest.raises(TimeoutError):
            await events.wait(OrderPlaced, timeout=0)
        return events.has(OrderPlaced)

    assert asyncio.run(scenario()) is False


def test_wait_gets_the_next_event_of_which_a_condition_is_true() -> None:
    async def scenario() -> OrderPlaced:
        events = Events()
        waiting = asyncio.ensure_future(events.wait(OrderPlaced, where=lambda one: one.number == 3))
        await asyncio.sleep(0)
        for number in (1, 2, 3, 4):  # at once: none may be missed while another is looked at
            await events.emit(OrderPlaced(number))
        return await waiting

    assert asyncio.run(scenario()) == OrderPlaced(3)


def test_a_condition_that_fails_is_the_failure_of_who_waits() -> None:
    def where(event: OrderPlaced) -> bool:
        raise LookupError(event.number)

    async def scenario() -> None:
        events = Events()
        waiting = asyncio.ensure_future(events.wait(OrderPlaced, where=where))
        await asyncio.sleep(0)
        await events.emit(OrderPlaced(1), raising=True)
        await waiting

    with pytest.raises(LookupError):
        asyncio.run(scenario())


def test_two_can_wait_for_one_event() -> None:
    async def scenario() -> list[OrderPlaced]:
        events = Events()
        waiting = [asyncio.ensure_future(events.wait(OrderPlaced)) for _ in range(2)]
        await asyncio.sleep(0)
        assert events.has(RushOrderPlaced)
        await events.emit(OrderPlaced(1))
        return await asyncio.gather(*waiting)

    assert asyncio.run(scenario()) == [OrderPlaced(1), OrderPlaced(1)]


def test_has_tells_whether_an_event_is_worth_making() -> None:
    events = Events([Listener(AppEvent, print)])

    assert events.has(AppStarted)
    assert not events.has(OrderPlaced)
