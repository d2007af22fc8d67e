import asyncio

import pytest
from websocket_feed.app import app
from websocket_feed.listen import listen

from gambrel import WebSocketClosed
from gambrel.testing import Client, LiveServer


@pytest.fixture
def client():
    with Client(app) as client:
        yield client


def test_the_front_page_leads_to_the_page(client):
    assert client.get("/").headers["location"] == "/index.html"
    assert "/feed.js" in client.get("/index.html").text
    assert client.get("/feed.js").headers["content-type"].startswith("text/javascript")


def test_the_feed_greets_and_listens_in_turn(client, capfd):
    with client.websocket("/feed", params={"times": 2}) as ws:
        for number in range(2):
            assert ws.receive() == "hello!"
            ws.send(f"answer {number}")
        with pytest.raises(WebSocketClosed) as closed:
            ws.receive()

    assert closed.value.code == 1000
    assert capfd.readouterr().out == "heard: answer 0\nheard: answer 1\n"


def test_bytes_are_no_answer(client):
    with client.websocket("/feed") as ws:
        ws.receive()
        ws.send(b"bytes")
        with pytest.raises(WebSocketClosed) as closed:
            ws.receive()

    assert closed.value.code == 1003


def test_whatever_comes_to_the_echo_goes_back(client):
    with client.websocket("/echo") as ws:
        ws.send("hi")
        assert ws.receive() == "hi"


def test_a_program_follows_the_feed_to_its_end(capfd):
    with LiveServer(app) as server:
        assert asyncio.run(listen(f"ws://127.0.0.1:{server.port}")) == 3

    assert capfd.readouterr().out == "heard: the program has heard: hello!\n" * 3
