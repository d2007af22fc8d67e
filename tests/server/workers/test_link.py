import socket
import threading

from gambrel.server.workers.link import Link
from gambrel.server.workers.messages import Beat, Drain, encode


def test_the_order_is_read_first_and_messages_are_heard_until_the_supervisor_has_gone():
    ours, theirs = socket.socketpair()
    heard: list[object] = []
    lost = threading.Event()
    link = Link(theirs)
    ours.sendall(b'{"target": "app.py"}\n' + encode(Drain()))

    order = link.read_order()
    link.follow(heard.append, 3600, lost.set)
    link.send(Beat(7))
    received = ours.recv(1000)
    ours.close()

    assert lost.wait(30)
    assert (order, heard, received) == ({"target": "app.py"}, [Drain()], encode(Beat(7)))
    theirs.close()


def test_a_supervisor_that_has_gone_before_its_order_is_none():
    ours, theirs = socket.socketpair()
    ours.close()
    with theirs:
        assert Link(theirs).read_order() is None
