import pytest

from gambrel.server.workers.messages import LINE, Beat, Lines, decode_from_worker, encode


def test_messages_arrive_as_they_were_sent_however_they_are_cut():
    sent = [Beat(1, 2, 3), Beat(4)]
    data = b"".join(map(encode, sent))
    lines = Lines()

    found = [line for at in range(len(data)) for line in lines.feed(data[at : at + 1])]

    assert [decode_from_worker(line) for line in found] == sent


def test_a_line_without_end_is_refused():
    with pytest.raises(ValueError, match="without an end"):
        Lines().feed(b"x" * (LINE + 1))
