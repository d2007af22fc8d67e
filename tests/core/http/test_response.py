import asyncio
from collections.abc import AsyncIterator

import pytest

from gambrel.core.http.response import (
    HTML,
    JSON,
    Baked,
    Redirect,
    Reply,
    Response,
    Stream,
    Text,
)


@pytest.mark.parametrize(
    ("response", "content_type", "body"),
    [
        (Response("ä"), "text/plain; charset=utf-8", "ä".encode()),
        (Text("a"), "text/plain; charset=utf-8", b"a"),
        (HTML("<p>"), "text/html; charset=utf-8", b"<p>"),
        (JSON({"a": 1}), "application/json", b'{"a":1}'),
        (Response(b"a", media_type="image/png"), "image/png", b"a"),
    ],
)
def test_a_kind_has_its_content_type(response: Response, content_type: str, body: bytes) -> None:
    assert response.headers["content-type"] == content_type
    assert response.body == body


def test_bytes_have_no_content_type_of_their_own() -> None:
    assert "content-type" not in Response(b"a").headers


@pytest.mark.parametrize("status", [99, 100, 199, 600, 1000])
def test_a_status_is_that_of_a_final_response(status: int) -> None:
    with pytest.raises(ValueError, match=str(status)):
        Response(status=status)


def test_a_redirect_is_303_unless_told() -> None:
    assert Redirect("/a").status == 303
    assert Redirect("/a", 308).headers["location"] == "/a"
    with pytest.raises(ValueError, match="200"):
        Redirect("/a", 200)


def test_what_is_not_visible_ascii_in_a_redirect_is_percent_encoded() -> None:
    assert (
        Redirect("/日本?q=é a%20#x").headers["location"] == "/%E6%97%A5%E6%9C%AC?q=%C3%A9%20a%20#x"
    )
    assert Redirect("/\ud800").headers["location"] == "/%3F"


def test_a_redirect_cannot_carry_a_header() -> None:
    with pytest.raises(ValueError, match="location"):
        Redirect("/a\r\nx: y")


def test_a_reply_is_like_any_response_once_it_is_touched() -> None:
    baked = Baked(201, [("content-type", "text/plain")])
    reply = Reply(baked, b"a")

    assert reply.status == 201
    reply.headers["x"] = "1"
    reply.status = 202

    assert reply.status == 202
    assert reply.headers.pairs() == [("content-type", "text/plain"), ("x", "1")]
    assert baked.pairs == (("content-type", "text/plain"),)


def test_what_one_reply_changes_the_next_does_not_see() -> None:
    baked = Baked(200, [("a", "1")])
    Reply(baked, b"").headers["a"] = "2"

    assert Reply(baked, b"").headers["a"] == "1"


def test_a_cookie_is_safe_by_default() -> None:
    response = Response()

    response.set_cookie("a", "b")
    response.delete_cookie("c")

    first, second = response.headers.get_all("set-cookie")
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(first.split("; "))
    assert "Max-Age=0" in second


def test_every_close_callback_runs_and_the_errors_are_told_together() -> None:
    ran: list[str] = []

    async def later() -> None:
        ran.append("async")

    def fail() -> None:
        raise KeyError("no")

    response = Response()
    for callback in (fail, later, lambda: ran.append("sync")):
        response.on_close(callback)

    with pytest.raises(ExceptionGroup):
        asyncio.run(response.close())
    assert ran == ["async", "sync"]
    asyncio.run(response.close())
    assert ran == ["async", "sync"]


def test_closing_a_stream_closes_its_source() -> None:
    closed: list[bool] = []

    async def pieces() -> AsyncIterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    async def main() -> None:
        response = Stream(pieces())
        assert not isinstance(response.body, bytes)
        async for piece in response.body:  # type: ignore[union-attr]  # it is an async one
            assert piece == b"a"
            break
        await response.close()

    asyncio.run(main())
    assert closed == [True]


def test_a_copy_has_fields_and_callbacks_of_its_own():
    original = Text("a", headers={"x-a": "1"})
    original.on_close(lambda: None)

    copied = original.copy()
    copied.headers["x-b"] = "2"
    copied.status = 404
    copied.on_close(lambda: None)

    assert (type(copied), copied.body, copied.headers["x-a"]) == (Text, b"a", "1")
    assert (original.status, "x-b" in original.headers) == (200, False)
    assert (len(original.callbacks), len(copied.callbacks)) == (1, 2)
