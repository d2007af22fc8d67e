import asyncio
import os
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.headers import Headers
from gambrel.core.http.host import parse_host
from gambrel.core.http.request import Request
from gambrel.core.http.url import URL, parse_target
from tests.core.http.complexity import count_steps


class Line:
    """A connection to nobody."""

    app = None
    client = ("192.0.2.7", 40000)
    server = ("127.0.0.1", 80)
    scheme = "http"
    http_version = "1.1"
    tls = None

    def deliver(self, request: Request, response: Any) -> None: ...

    def waiting(self, request: Request, task: Any) -> None: ...

    async def gone(self) -> None: ...


class Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def request(path: str = "/", query: str = "", body: Any = b"", **headers: str) -> Request:
    fields = [("host", "example.com"), *((n.replace("_", "-"), v) for n, v in headers.items())]
    return Request("POST", path, query, Headers(fields), Line(), body)


def test_the_path_is_decoded_once() -> None:
    assert request("/a%2520b").path == "/a%20b"


def test_a_path_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(BadRequest):
        _ = request("/%ff").path


def test_the_url_is_that_of_the_host_header() -> None:
    assert str(request("/a", "b=1").url) == "http://example.com/a?b=1"


@given(st.lists(st.sampled_from("aZ09-._:[]/"), max_size=12).map("".join), st.text("/aZ09%.;@"))
@example("EXAMPLE.com.", "/")
@example("LOCALHOST:080", "/")
@example("[0:0:0::1]:8000", "//x")
def test_what_is_admitted_has_a_url(host: str, path: str) -> None:
    """Hosts are judged by `parse_host`, targets by `parse_target`, on every server."""
    try:
        parse_host(host)
        raw_path, query = parse_target(f"/{path}?q='", host=host)
    except BadRequest:
        return
    came = Request("GET", raw_path, query, Headers([("host", host)]), Line())

    assert URL.parse(str(came.url)).path == raw_path
    assert came.url.host == parse_host(came.host).name


def test_the_client_is_the_peer_without_trusted_proxies() -> None:
    assert request(x_forwarded_for="203.0.113.9").client == "192.0.2.7"


def test_ids_are_others_in_a_process_that_was_forked() -> None:
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads that other tests have left
        child = os.fork()
    if child == 0:
        os.write(writing, request().id.encode())
        os._exit(0)
    os.waitpid(child, 0)
    forked = os.read(reading, 99).decode()
    os.close(reading)
    os.close(writing)

    assert forked
    assert forked.partition("-")[0] != request().id.partition("-")[0]


def test_two_requests_have_two_ids() -> None:
    one = request()

    assert one.id == one.id
    assert one.id != request().id


def test_state_keeps_names_and_one_value_per_type() -> None:
    state = request().state

    state.tries = 3
    state[int] = 4

    assert (state.tries, state[int], int in state, str in state) == (3, 4, True, False)
    with pytest.raises(AttributeError, match="nothing has set"):
        _ = state.missing


def test_two_requests_share_no_state() -> None:
    request().state.seen = True

    assert not hasattr(request().state, "seen")


def test_a_body_is_collected_and_kept() -> None:
    one = request(body=Pieces(b"a", b"b"))

    async def twice() -> tuple[bytes, bytes]:
        return await one.body(), await one.body()

    assert asyncio.run(twice()) == (b"ab", b"ab")


def test_a_limit_of_nothing_takes_nothing() -> None:
    with pytest.raises(ContentTooLarge):
        asyncio.run(request(body=b"a").body(limit=0))


def test_the_fields_of_a_form_are_told_apart_once() -> None:
    """T-C18: a form of a thousand names, and handlers that take ten of them one by one."""
    kind = "application/x-www-form-urlencoded"

    def fields(count: int) -> int:
        came = request(body=b"&".join(b"a%d=1&b=2" % i for i in range(count)), content_type=kind)
        assert came.form_data
        return count_steps(lambda _: [came.form_fields for _ in range(10)], "")

    assert fields(400) < 5 * fields(100)
    came = request(body=b"a=1&b=2&a=3", content_type=kind)
    assert came.form_fields == {"a": ["1", "3"], "b": "2"}
    assert came.form_fields is came.form_fields


def test_a_body_over_its_limit_is_refused() -> None:
    with pytest.raises(ContentTooLarge):
        asyncio.run(request(body=Pieces(b"a" * 10, b"b")).body(limit=10))


def test_a_streamed_body_is_not_read_again() -> None:
    one = request(body=Pieces(b"a"))

    async def twice() -> None:
        assert [piece async for piece in one.stream()] == [b"a"]
        await one.body()

    with pytest.raises(RuntimeError, match="read it once"):
        asyncio.run(twice())


@pytest.mark.parametrize("body", [b'{"a":', b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        asyncio.run(request(body=body, content_type="application/json").json())


def test_a_form_is_read_by_its_media_type() -> None:
    form = asyncio.run(
        request(body=b"a=1&a=2", content_type="application/x-www-form-urlencoded").form()
    )

    assert form.get_all("a") == ["1", "2"]


def test_a_form_of_another_media_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        asyncio.run(request(body=b"a=1", content_type="text/plain").form())
