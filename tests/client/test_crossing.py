import asyncio
import threading
from collections.abc import Iterator

import httpx2
import pytest

from gambrel.client import AnswerTooLarge, SyncHTTPClient
from gambrel.client.transport import Manners
from tests.client.threads import in_thread

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def test_pieces_of_a_body_are_made_in_the_thread_that_waits():
    came = bytearray()
    threads = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not came.endswith(b"0\r\n\r\n"):
            came.extend(await reader.read(1000))
        writer.write(OK)
        await writer.drain()

    def pieces() -> Iterator[bytes]:
        for piece in (b"one", b"", b"two"):
            threads.add(threading.get_ident())
            yield piece

    def send(client: SyncHTTPClient, url: str) -> tuple[str, int]:
        return client.post(url, content=pieces()).text, threading.get_ident()

    text, own = in_thread(take, send)

    assert text == "ok"
    assert bytes(came) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
    assert threads == {own}


def test_an_error_in_a_body_is_raised_where_it_is_sent():
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("no more")

    def send(client: SyncHTTPClient, url: str) -> None:
        with pytest.raises(LookupError, match="no more"):
            client.post(url, content=pieces())

    in_thread(OK, send)


def test_an_answer_is_read_as_it_comes():
    took = asyncio.Event()

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        await took.wait()
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")
        await writer.drain()

    def read(client: SyncHTTPClient, url: str) -> list[bytes]:
        pieces = []
        with client.stream("GET", url) as response:
            for piece in response.iter_bytes():
                pieces.append(piece)
                client._transport.bridge.loop.call_soon_threadsafe(took.set)
        return pieces

    assert in_thread(tell, read) == [b"one", b"two"]


def test_what_is_left_unread_gives_its_connection_back():
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n")
        while True:
            writer.write(bytes(10_000))
            await writer.drain()

    def read(client: SyncHTTPClient, url: str) -> list[object]:
        with client.stream("GET", url) as response:
            next(response.iter_bytes())
        return list(client.client.transport.inner._pool.connections)

    assert in_thread(endless, read) == []


def test_bounds_hold_for_both_kinds_of_answers():
    def read(client: SyncHTTPClient, url: str) -> None:
        with pytest.raises(AnswerTooLarge):
            client.get(url)
        with pytest.raises(AnswerTooLarge), client.stream("GET", url) as response:
            response.read()

    in_thread(OK, read, manners=Manners(max_body=1))


def test_what_may_be_repeated_is_tried_again():
    asked = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.method)
        return httpx2.Response(503 if len(asked) == 1 else 200)

    def get(client: SyncHTTPClient, url: str) -> int:
        return client.put(url, content=b"x").status_code

    assert in_thread(OK, get, transport=httpx2.MockTransport(answer)) == 200
    assert asked == ["PUT", "PUT"]
