from dataclasses import dataclass
from typing import Any

import pytest
from msgspec import Struct

from gambrel import BadRequest, GambrelError, HTTPError, Unprocessable
from gambrel.websockets.codec import decoder, encode


class Move(Struct, tag="move"):
    x: int


class Leave(Struct, tag="leave"):
    pass


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("text", "text"),
        (b"\x00", b"\x00"),
        (bytearray(b"a"), b"a"),
        (memoryview(b"a"), b"a"),
        (Move(1), '{"type":"move","x":1}'),
        (Point(2), '{"x":2}'),
        ([1, None], "[1,null]"),
        (None, "null"),
    ],
)
def test_text_and_bytes_are_sent_as_they_are_and_any_other_value_as_json(value, sent):
    assert encode(value) == sent


def test_what_json_cannot_express_is_refused():
    with pytest.raises(TypeError):
        encode(object())


@pytest.mark.parametrize("kind", [Any, str | bytes, bytes | str])
def test_an_open_type_leaves_messages_alone(kind):
    assert decoder(kind) is None


def test_a_union_of_tagged_structs_is_told_apart():
    decode = decoder(Move | Leave)

    assert decode('{"type":"move","x":1}') == Move(1)
    assert decode(b'{"type":"leave"}') == Leave()


@pytest.mark.parametrize(("kind", "wrong"), [(str, b"x"), (bytes, "x")])
def test_the_other_kind_of_message_is_refused(kind, wrong):
    with pytest.raises(HTTPError, match="This socket takes messages of") as found:
        decoder(kind)(wrong)

    assert found.value.status == 415


def test_every_fault_of_a_message_is_told():
    with pytest.raises(Unprocessable) as found:
        decoder(Move)('{"type":"move","x":"1"}')

    assert [fault.path for fault in found.value.faults] == ["x"]


def test_what_is_no_json_is_malformed():
    with pytest.raises(BadRequest):
        decoder(Move)("{")


def test_a_type_that_no_message_can_have_is_refused_at_the_start():
    with pytest.raises(GambrelError):
        decoder(type(pytest))
