"""The chat over real sockets: polls, sockets, and those who leave."""

import json
import socket
import threading

import httpx2
import pytest
from chat.app import app, feed, sockets
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gambrel.testing import LiveServer

PATIENCE = 20


@pytest.fixture(scope="module")
def site():
    with LiveServer(app) as server, httpx2.Client(base_url=server.url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def url(site):
    return f"ws://{site.base_url.host}:{site.base_url.port}/chatsocket"


def say(site, body, **more):
    return site.post("/a/message/new", data={"body": body, **more})


def test_a_message_is_escaped_shown_and_has_an_id(site):
    told = say(site, "<b>hi</b>").json()

    assert told["body"] == "<b>hi</b>"
    assert "&lt;b&gt;hi" in told["html"]
    assert told["html"] in site.get("/").text
    assert len(told["id"]) == 36


def test_a_poll_returns_what_came_after_its_cursor(site):
    first, second = say(site, "one").json(), say(site, "two").json()

    told = site.post("/a/message/updates", data={"cursor": first["id"]}).json()

    assert told == {"messages": [second]}


def test_a_poll_waits_for_the_next_message(site):
    last = say(site, "last").json()
    got = []

    def poll():
        got.append(site.post("/a/message/updates", data={"cursor": last["id"]}).json())

    polling = threading.Thread(target=poll)
    polling.start()
    while not feed.waiting:
        threading.Event().wait(0.001)
    new = say(site, "new").json()
    polling.join(PATIENCE)

    assert got == [{"messages": [new]}]


def poll_often(site, number):
    """Return the connections of so many polls, once all of them wait for what is said next."""
    body = f"cursor={say(site, 'last').json()['id']}".encode()
    head = (
        b"POST /a/message/updates HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    )
    address = (site.base_url.host, site.base_url.port)
    clients = [socket.create_connection(address, PATIENCE) for _ in range(number)]
    for client in clients:
        client.sendall(head % len(body) + body)
    while len(feed.waiting) < number:
        threading.Event().wait(0.001)
    return clients


def test_a_thousand_polls_wait_while_a_page_is_answered_and_hear_the_same(site):
    clients = poll_often(site, 1000)

    assert site.get("/").status_code == 200
    new = say(site, "heard by all").json()
    heard = {client.recv(65_536).partition(b"\r\n\r\n")[2] for client in clients}
    for client in clients:
        client.close()
    assert [json.loads(body) for body in heard] == [{"messages": [new]}]


def test_polls_that_are_broken_off_leave_nothing_behind(site):
    for _ in range(3):
        for client in poll_often(site, 300):
            client.close()
        while feed.waiting:
            threading.Event().wait(0.001)

    assert say(site, "still here").status_code == 200


@pytest.mark.parametrize(
    ("next", "status"),
    [
        ("/", 303),
        ("/a?b", 303),
        ("//evil.example", 422),
        ("https://evil.example", 422),
        ("/\\x", 422),
    ],
)
def test_a_form_leads_to_a_path_of_this_site_only(site, next, status):
    answer = say(site, "x", next=next)

    assert answer.status_code == status
    assert answer.headers.get("location") == (next if status == 303 else None)


def test_another_site_cannot_speak_here(site, url):
    foreign = {"origin": "https://evil.example"}

    answer = site.post("/a/message/new", data={"body": "x"}, headers=foreign)
    with pytest.raises(InvalidStatus) as refused:
        connect(url, origin=foreign["origin"])

    assert (answer.status_code, refused.value.response.status_code) == (403, 403)


def test_sockets_and_polls_see_the_same_messages(site, url):
    with connect(url) as one, connect(url) as other:
        while len(sockets) < 2:
            threading.Event().wait(0.001)
        one.send(json.dumps({"body": "from a socket"}))
        heard = json.loads(other.recv(PATIENCE))
        one.recv(PATIENCE)
        posted = say(site, "from a form").json()
        also = json.loads(other.recv(PATIENCE))

    assert heard["body"] == "from a socket"
    assert also == posted
    assert heard["html"] in site.get("/").text


def test_a_visitor_who_breaks_off_does_not_stop_the_others(site, url):
    with connect(url) as stays:
        leaves = connect(url)
        while len(sockets) < 2:
            threading.Event().wait(0.001)
        leaves.socket.close()
        for number in range(5):
            say(site, str(number))
        heard = [json.loads(stays.recv(PATIENCE))["body"] for _ in range(5)]

    assert heard == list("01234")


def test_what_is_no_message_closes_the_socket(url):
    with connect(url) as visitor:
        visitor.send('{"text": "x"}')
        with pytest.raises(Exception, match="1007"):
            visitor.recv(PATIENCE)


def test_only_the_last_200_messages_are_kept(site):
    for number in range(205):
        say(site, f"number {number}")

    page = site.get("/").text
    assert page.count('class="message"') == 200
    assert "number 204<" in page
    assert "number 4<" not in page
