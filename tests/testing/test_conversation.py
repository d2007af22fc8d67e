import asyncio

import httpx2
import pytest

from gambrel.core.http.types import Receive, Scope, Send
from gambrel.testing import Client
from gambrel.testing.conversation import Conversation, Options


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        return


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        raise TimeoutError("of the app")


def test_a_request_becomes_a_scope_with_its_lines_as_they_are():
    headers = [("X-Line", "one"), ("x-line", "two")]
    request = httpx2.Request("GET", "https://shop.example:8443/a%2Fb?q=%20", headers=headers)

    scope = Options(silent, peer=("203.0.113.9", 1), root_path="/a").scope(request)

    assert (scope["scheme"], scope["server"]) == ("https", ("shop.example", 8443))
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (
        "/a/b",
        b"/a%2Fb",
        b"q=%20",
    )
    assert (scope["client"], scope["root_path"]) == (("203.0.113.9", 1), "/a")
    assert scope["headers"] == [
        (b"host", b"shop.example:8443"),
        (b"x-line", b"one"),
        (b"x-line", b"two"),
    ]


def test_a_target_can_be_given_that_no_url_would_have():
    request = httpx2.Request("GET", "http://localhost/", extensions={"target": b"//a/../b"})

    assert Options(silent).scope(request)["raw_path"] == b"//a/../b"


def test_an_app_that_ends_without_an_answer_is_answered_for_as_servers_do():
    with Client(silent) as client:
        answer = client.get("/")

    assert answer.status_code == 500


def test_an_app_that_fails_without_an_answer_is_answered_for_where_asked():
    with Client(broken, raise_server_errors=False) as client:
        answer = client.get("/")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_a_time_out_of_the_app_is_not_taken_for_one_of_the_client():
    with Client(broken) as client, pytest.raises(TimeoutError, match="of the app"):
        client.get("/")


def test_requests_that_hold_on_are_cancelled_in_the_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gambrel.testing.conversation._GRACE", 0.01)
    ended = []

    async def holds_on(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(scope["method"])

    async def leave_and_drain() -> None:
        options = Options(holds_on)
        extensions = {"timeout": {"read": 0.01}}
        request = httpx2.Request("POST", "http://localhost/", extensions=extensions)
        conversation = Conversation(options, request)
        with pytest.raises(httpx2.ReadTimeout):
            await conversation.advance()
        await conversation.leave()
        assert ended == []
        await options.drain()

    asyncio.run(leave_and_drain())

    assert ended == ["POST"]
