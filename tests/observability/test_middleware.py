import asyncio
from collections.abc import AsyncIterator
from contextvars import copy_context
from typing import Any

import pytest

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream, Text
from gambrel.observability.middleware import access_logged, content_size, remember_request
from gambrel.observability.records import CURRENT_REQUEST
from gambrel.testing import make_request


def test_an_answer_is_told_once_its_last_byte_was_sent():
    told: list[Any] = []

    async def run() -> None:
        async def call_next(_request: Request) -> Response:
            return Text("hello", 201)

        response = await access_logged(lambda *given: told.append(given))(make_request(), call_next)
        assert told == []
        await response.close()

    asyncio.run(run())

    [(request, status, size, seconds)] = told
    assert (request.method, status, size) == ("GET", 201, 5)
    assert seconds >= 0


def test_a_client_that_has_left_is_told():
    told: list[Any] = []

    async def run() -> None:
        async def call_next(_request: Request) -> Response:
            raise asyncio.CancelledError

        await access_logged(lambda *given: told.append(given[1:3]))(make_request(), call_next)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())

    assert told == [(499, 0)]


def test_a_request_that_starts_over_is_told_once():
    told: list[Any] = []
    log_access = access_logged(lambda *given: told.append(given[1]))

    async def run() -> None:
        async def answer(_request: Request) -> Response:
            return Text("hello")

        async def start_over(request: Request) -> Response:
            return await log_access(request, answer)

        await (await log_access(make_request(), start_over)).close()

    asyncio.run(run())

    assert told == [200]


async def pieces() -> AsyncIterator[str]:
    yield "a"


@pytest.mark.parametrize(
    ("method", "answer", "size"),
    [
        ("GET", Text("hello"), 5),
        ("HEAD", Text("hello"), 0),
        ("GET", Response(b"", 304), 0),
        ("GET", Stream(pieces()), None),
        ("GET", Stream(pieces(), headers={"content-length": "7"}), 7),
    ],
)
def test_the_size_is_that_of_the_content_sent(method, answer, size):
    assert content_size(make_request(method), answer) == size


def test_the_request_is_known_to_logs_while_it_is_answered():
    request, context = make_request(), copy_context()

    context.run(remember_request, request)

    assert context[CURRENT_REQUEST] is request
