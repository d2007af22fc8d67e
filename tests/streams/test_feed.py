import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import App, BadRequest, Request, ServerSentEvent
from gambrel.streams import Feed
from gambrel.testing import Client


def values(entries) -> list:
    return [entry.value for entry in entries]


def test_what_was_published_after_an_id_is_returned_at_once():
    async def main():
        feed: Feed[str] = Feed()
        first, *_ = [feed.publish(text) for text in "abc"]
        return values(await feed.after(first.id)), values(await feed.after()), values(feed)

    assert asyncio.run(main()) == (["b", "c"], ["a", "b", "c"], ["a", "b", "c"])


def test_a_poll_waits_for_the_next_value():
    async def main():
        feed: Feed[str] = Feed()
        old = feed.publish("old")
        polls = [asyncio.ensure_future(feed.after(old.id)) for _ in range(3)]
        await asyncio.sleep(0)
        feed.publish("new")
        return [values(await poll) for poll in polls]

    assert asyncio.run(main()) == [["new"]] * 3


def test_a_poll_without_news_is_empty_and_leaves_nothing_behind():
    async def main():
        feed: Feed[str] = Feed()
        return await feed.after(timeout=0.01), len(feed.waiting)

    assert asyncio.run(main()) == ([], 0)


def test_a_thousand_polls_that_are_given_up_leave_nothing_behind():
    async def main():
        feed: Feed[str] = Feed()
        polls = [asyncio.ensure_future(feed.after()) for _ in range(1000)]
        await asyncio.sleep(0)
        before = len(feed.waiting)
        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        return before, len(feed.waiting)

    assert asyncio.run(main()) == (1000, 0)


def test_an_id_that_is_not_known_any_more_gets_all_there_is():
    async def main():
        feed: Feed[int] = Feed(keep=3)
        first = feed.publish(0)
        for number in range(1, 10):
            feed.publish(number)
        other = Feed[int]().publish(0)
        found = [feed.since(cursor) for cursor in (first.id, other.id, "x", "")]
        return [values(entries) for entries in found], [entries[0].gap for entries in found]

    assert asyncio.run(main()) == ([[7, 8, 9]] * 4, [True, True, True, False])


def test_a_subscriber_gets_what_comes_from_now_on_or_after_an_id():
    async def main():
        feed: Feed[int] = Feed()
        feed.publish(0)
        start = feed.publish(1)
        feed.publish(2)
        found: dict[str, list[int]] = {"now": [], "after": []}

        async def read(name: str, cursor: str | None) -> None:
            async for entry in feed.subscribe(cursor):
                found[name].append(entry.value)

        tasks = [
            asyncio.ensure_future(read("now", None)),
            asyncio.ensure_future(read("after", start.id)),
        ]
        for number in (3, 4):
            await asyncio.sleep(0)
            feed.publish(number)
        for _ in range(5):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return found, len(feed.waiting)

    assert asyncio.run(main()) == ({"now": [3, 4], "after": [2, 3, 4]}, 0)


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(1, 5))
def test_a_reader_sees_values_in_order_and_none_twice(bursts, keep):
    async def main():
        feed: Feed[int] = Feed(keep)
        seen: list[int] = []
        number = 0

        async def read() -> None:
            async for entry in feed.subscribe():
                seen.append(entry.value)  # noqa: PERF401 - it never ends

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        for burst in bursts:
            for _ in range(burst):
                feed.publish(number)
                number += 1
            for _ in range(3):
                await asyncio.sleep(0)
        reading.cancel()
        return seen, number

    seen, number = asyncio.run(main())
    assert seen == sorted(set(seen))
    if keep >= 3:
        assert seen == list(range(number))


def test_a_reader_that_is_too_slow_holds_nothing_and_is_told_what_it_has_missed():
    class Value:
        pass

    async def main():
        feed: Feed[Value] = Feed(keep=2)
        reader = feed.subscribe()
        first = Value()
        feed.publish(first)
        kept = weakref.ref(first)
        del first
        got = [(await anext(reader)).gap]
        for _ in range(3):
            feed.publish(Value())
        gc.collect()
        found = [await anext(reader), await anext(reader)]
        return got, kept() is None, [entry.gap for entry in found]

    assert asyncio.run(main()) == ([False], True, [True, False])


def test_a_reader_starts_where_it_has_subscribed():
    async def main():
        feed: Feed[int] = Feed()
        reader = feed.subscribe()
        feed.publish(1)
        return (await anext(reader)).value

    assert asyncio.run(main()) == 1


def test_an_id_that_was_used_again_is_the_last_one():
    async def main():
        feed: Feed[int] = Feed(keep=2)
        for number in range(3):
            feed.publish(number, "same")
        feed.publish(3)
        return values(feed.since("same"))

    assert asyncio.run(main()) == [3]


@pytest.mark.parametrize("bad", ["", "a\nb", "a\rb", "a\0b"])
def test_an_id_that_no_event_can_have_is_refused_at_the_call(bad):
    async def main():
        feed: Feed[int] = Feed()
        with pytest.raises(ValueError, match="of an event"):
            feed.publish(1, bad)
        if bad:
            with pytest.raises(BadRequest):
                feed.subscribe(bad)
            with pytest.raises(BadRequest):
                await feed.after(bad)
            with pytest.raises(ValueError, match="line break"):
                feed.events(event=bad)
        return values(feed)

    assert asyncio.run(main()) == []


def test_a_feed_that_keeps_nothing_is_refused():
    with pytest.raises(ValueError, match="one value at least"):
        Feed(keep=0)


def test_a_browser_that_comes_again_gets_what_it_missed():
    app, feed = App(), Feed[str]()

    @app.get("/news")
    async def news(request: Request) -> AsyncIterator[ServerSentEvent]:
        return feed.events(request, event="news")

    with Client(app) as client:
        ids = [feed.publish(text).id for text in ("a", "b", "c")]
        with client.stream("GET", "/news", headers={"last-event-id": ids[0]}) as answer:
            lines = answer.iter_lines()
            got = [next(lines) for _ in range(7)]

    assert got == [
        "event: news",
        f"id: {ids[1]}",
        "data: b",
        "",
        "event: news",
        f"id: {ids[2]}",
        "data: c",
    ]


def test_a_browser_is_told_that_values_are_gone():
    app, feed = App(), Feed[str](keep=1)

    @app.get("/news")
    async def news(request: Request) -> AsyncIterator[ServerSentEvent]:
        return feed.events(request)

    with Client(app) as client:
        ids = [feed.publish(text).id for text in ("a", "b", "c")]
        with client.stream("GET", "/news", headers={"last-event-id": ids[0]}) as answer:
            lines = answer.iter_lines()
            got = [next(lines) for _ in range(5)]

    assert got == ["event: gap", "data: values were missed", "", f"id: {ids[2]}", "data: c"]


@pytest.mark.parametrize(("last", "status"), [("é".encode(), 200), (b"\xff", 400)])
def test_a_last_event_id_is_utf_8(last, status):
    app, feed = App(), Feed[str]()

    @app.get("/news")
    async def news(request: Request) -> AsyncIterator[ServerSentEvent]:
        return feed.events(request)

    with Client(app) as client:
        feed.publish("a", "é")
        feed.publish("b", "e")
        with client.stream("GET", "/news", headers={"last-event-id": last}) as answer:
            first = next(answer.iter_lines())

    assert answer.status_code == status
    assert (first == "id: e") is (status == 200)
