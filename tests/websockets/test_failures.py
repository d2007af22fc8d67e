import pytest

from gambrel.websockets import (
    ConnectionClosed,
    HandshakeFailed,
    UnexpectedMessage,
    WebSocketClosed,
    WebSocketFailed,
)


@pytest.mark.parametrize("fault", [ConnectionClosed, HandshakeFailed, UnexpectedMessage])
def test_one_name_catches_all_and_none_says_that_a_client_of_ours_has_gone(fault):
    assert issubclass(fault, WebSocketFailed)
    assert not issubclass(fault, WebSocketClosed)


@pytest.mark.parametrize(
    ("reason", "seconds"),
    [
        ("restarting; retry-after=3.2", 3.2),
        ("retry-after=10", 10.0),
        ("retry-after=", None),
        ("retry-after=-1", None),
        ("retry-after=inf", None),
        ("retry-after=1e9", None),
        ("retry-after=12345678901", None),
        ("retry-after=²", None),
        ("3.2", None),
        ("", None),
    ],
)
def test_a_closing_may_tell_when_to_come_again(reason, seconds):
    assert ConnectionClosed(1012, reason).retry_after == seconds


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), (" 7 ", 7.0), ("Fri, 27 Nov 2026 21:00:00 GMT", None)]
)
def test_a_refusal_may_tell_it_too(value, seconds):
    assert HandshakeFailed("busy", 503, [("retry-after", value)]).retry_after == seconds
    assert HandshakeFailed("busy").retry_after is None


def test_a_closing_is_told_with_its_code():
    assert str(ConnectionClosed(1000)) == "the WebSocket is closed: 1000"
    assert str(ConnectionClosed(4000, "why")) == "the WebSocket is closed: 4000 why"
