import asyncio
import logging
from typing import Any

import httpx2

from gambrel.client.outgoing import LIMIT, begin_all, end_all, late, with_headers


def request() -> httpx2.Request:
    return httpx2.Request("PUT", "http://stock.example/a?b=c", content=b"x")


def test_who_hears_of_an_attempt_hears_how_it_ends():
    told: list[Any] = []
    error = OSError()

    def begin(*given: Any) -> Any:
        told.append(given)
        return lambda *ended: told.append(ended)

    headers = {"x": "y"}
    ends = begin_all([begin, lambda *_: None], request(), headers, 2)
    end_all(ends, 0, error)

    assert told == [("PUT", "http://stock.example/a?b=c", headers, 2), (0, error)]


def test_who_fails_to_hear_is_logged_and_nothing_else(caplog):
    told: list[Any] = []

    def fails(*_: Any) -> Any:
        raise LookupError

    with caplog.at_level(logging.ERROR):
        ends = begin_all([fails, lambda *_: fails, lambda *_: told.append], request(), None, 0)
        end_all([ends[0], lambda status, _: told.append(status)], 200, None)

    assert len(ends) == 2
    assert told == [200]
    assert len(caplog.records) == 2


def test_headers_are_added_to_another_request():
    first = request()

    second = with_headers(first, {"traceparent": "1"})

    assert second.headers["traceparent"] == "1"
    assert second.headers.raw[: len(first.headers.raw)] == first.headers.raw
    assert (second.method, second.url, second.stream) == (first.method, first.url, first.stream)
    assert "traceparent" not in first.headers
    assert with_headers(first, None) is first


def test_a_request_is_late_once_its_time_is_up():
    async def main() -> list[object]:
        found: list[object] = []
        try:
            async with asyncio.timeout(0) as limit:
                one = httpx2.Request("GET", "http://stock.example/", extensions={LIMIT: limit})
                found.append(late(one))
                try:
                    await asyncio.Event().wait()
                finally:
                    found.append(type(late(one)))
        except TimeoutError:
            pass
        return found

    assert asyncio.run(main()) == [None, TimeoutError]
    assert late(request()) is None
