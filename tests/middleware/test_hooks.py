import asyncio

import pytest

from gambrel.core.http.response import Response, Text
from gambrel.middleware.hooks import after_request, before_request
from gambrel.testing import make_request
from tests.middleware.chain import ask


def plain_before(request):
    return Text("stop") if request.path == "/stop" else None


async def async_before(request):
    await asyncio.sleep(0)
    return plain_before(request)


@pytest.mark.parametrize("hook", [plain_before, async_before])
def test_a_hook_before_answers_or_lets_pass(hook):
    middleware = before_request(hook)

    assert ask(middleware, make_request("GET", "/stop")).body == b"stop"
    assert ask(middleware, make_request("GET", "/go")).body == b"next"
    assert middleware.__name__ == hook.__name__


def plain_after(request, response):
    response.headers["x-seen"] = request.path


async def async_after(request, response):
    await asyncio.sleep(0)
    plain_after(request, response)


@pytest.mark.parametrize("hook", [plain_after, async_after])
def test_a_hook_after_changes_the_answer(hook):
    assert ask(after_request(hook), make_request("GET", "/a")).headers["x-seen"] == "/a"


def test_an_answer_that_is_replaced_is_closed_with_the_new_one():
    closed = []
    first = Response("first")
    first.on_close(lambda: closed.append("first"))

    response = ask(after_request(lambda _request, _: Text("second")), make_request(), first)
    asyncio.run(response.close())

    assert response.body == b"second"
    assert closed == ["first"]
