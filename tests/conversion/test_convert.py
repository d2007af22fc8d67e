import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Any

import annotated_types as at
import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from gambrel.conversion.convert import (
    MAX_DEPTH,
    MAX_NODES,
    Codec,
    json_decoder,
    json_encoder,
    msgpack_decoder,
    msgpack_encoder,
)
from gambrel.conversion.errors import GambrelError, InvalidError, MalformedError

anything = json_decoder(Any)


class Colour(Enum):
    RED = "red"


class Line(Struct):
    quantity: Annotated[int, at.Ge(1)]
    made: datetime | None = None


class Order(Struct):
    lines: list[Line]
    note: str = ""


class Model(pydantic.BaseModel):
    count: int
    name: str = ""


class Celsius:
    def __init__(self, degrees: float) -> None:
        self.degrees = degrees


def to_celsius(value: Any) -> Celsius:
    if not isinstance(value, float):
        raise ValueError("must be degrees")
    return Celsius(value)


CODECS = {Celsius: Codec(lambda value: value.degrees, to_celsius)}


def test_json_becomes_a_value_of_its_type() -> None:
    order = json_decoder(Order)(b'{"lines":[{"quantity":2,"made":"2026-01-31T12:00:00Z"}]}')

    assert order == Order([Line(2, datetime(2026, 1, 31, 12, tzinfo=UTC))])


def test_every_fault_of_a_wrong_body_is_told() -> None:
    with pytest.raises(InvalidError) as caught:
        json_decoder(Order)(b'{"lines":[{"quantity":0,"made":"2026-01-31T12:00:00"},{}],"note":1}')

    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("lines[0].quantity", "range"),
        ("lines[0].made", "format"),
        ("lines[1].quantity", "missing"),
        ("note", "type"),
    ]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is malformed: input data was truncated."),
        (b"{", "The body is malformed: input data was truncated."),
        (b'{"a":secret}', "The body is malformed: invalid character (byte 5)."),
        (b"[1,]", "The body is malformed: trailing comma in array (byte 3)."),
        (b"1 2", "The body is malformed: trailing characters (byte 2)."),
        (b"NaN", "The body is malformed: invalid character (byte 0)."),
        (b"[-Infinity]", "The body is malformed: invalid character (byte 2)."),
        (b"\xef\xbb\xbf1", "The body is malformed: invalid character (byte 0)."),
        ("1".encode("utf-16"), "The body is not valid UTF-8."),
        (b'"\xff"', "The body is not valid UTF-8."),
        (b'"\\ud800"', "The body is malformed: input data was truncated."),
    ],
)
def test_what_is_not_json_is_malformed(body: bytes, detail: str) -> None:
    with pytest.raises(MalformedError) as caught:
        anything(body)

    assert str(caught.value).split(" (byte")[0] == detail.split(" (byte")[0]


def test_a_skipped_field_must_be_utf_8_too() -> None:
    with pytest.raises(MalformedError, match="not valid UTF-8"):
        json_decoder(Order)(b'{"lines":[],"other":"\xff"}')


def test_a_body_both_wrong_and_malformed_is_malformed() -> None:
    with pytest.raises(MalformedError):
        json_decoder(Order)(b'{"lines":1,')


@pytest.mark.parametrize("body", [b"1e999", b"9" * 5_000])
def test_a_number_out_of_range_is_a_fault(body: bytes) -> None:
    with pytest.raises(InvalidError) as caught:
        anything(body)

    assert [fault.code for fault in caught.value.faults] == ["range"]


@pytest.mark.parametrize("body", [b"3.0", b"30e-1", b"0.3e1"])
def test_a_whole_number_may_be_written_as_any_number(body: bytes) -> None:
    # to JSON Schema 3.0 is an integer
    quantity = json_decoder(Annotated[int, Meta(ge=1)])(body)

    assert (quantity, type(quantity)) == (3, int)


def test_a_whole_number_written_as_any_number_hides_no_fault() -> None:
    with pytest.raises(InvalidError) as caught:
        json_decoder(list[int])(b"[1.0, 1.5, true]")

    assert [fault.path for fault in caught.value.faults] == ["[1]", "[2]"]


def test_nesting_is_bounded() -> None:
    deepest = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    assert anything(deepest) != []
    with pytest.raises(MalformedError, match="more than 64 levels deep"):
        anything(b"[" + deepest + b"]")
    with pytest.raises(MalformedError, match="more than 64 levels deep"):
        anything(b'{"a":' * 65 + b"1" + b"}" * 65)
    with pytest.raises(MalformedError, match="more than 64 levels deep"):
        anything(b"[" * 90_000)


def test_brackets_in_strings_do_not_nest() -> None:
    body = msgspec.json.encode(["[" * 100, '\\"[' * 100, "{" * 100])

    assert anything(body)[0] == "[" * 100


def test_many_brackets_beside_each_other_do_not_nest() -> None:
    assert len(anything(b"[" + b"[[]]," * 200 + b"1]")) == 201


def test_unbalanced_brackets_are_malformed() -> None:
    with pytest.raises(MalformedError, match="malformed"):
        anything(b"[[]" * 30 + b"]]" * 20 + b"[]" * 50)


def test_deep_nesting_in_a_skipped_field_is_refused() -> None:
    with pytest.raises(MalformedError, match="nested too deeply"):
        json_decoder(Order)(b'{"other":' + b"[" * 50_000)


def test_the_number_of_members_is_bounded() -> None:
    most = b"[" + b"1," * (MAX_NODES - 2) + b"1]"

    assert len(json_decoder(list[int])(most)) == MAX_NODES - 1
    with pytest.raises(MalformedError, match="more than 100000 members"):
        json_decoder(list[int])(b"[1,1,1," + most[1:])


def test_commas_in_a_string_are_no_members() -> None:
    assert len(json_decoder(str)(b'"' + b"," * 200_000 + b'"')) == 200_000


@given(st.binary(max_size=60))
def test_no_body_breaks_a_decoder(body: bytes) -> None:
    for decode in (anything, json_decoder(Order), msgpack_decoder(Any), msgpack_decoder(Order)):
        try:
            decode(body)
        except (MalformedError, InvalidError) as error:
            assert str(error)  # noqa: PT017 - most bodies raise nothing


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
)  # fmt: skip


@given(JSON_VALUES)
def test_what_is_encoded_is_decoded_again(value: Any) -> None:
    assert anything(json_encoder()(value)) == value
    assert msgpack_decoder(Any)(msgpack_encoder()(value)) == value


class Wrapped(Struct):
    inner: object
    others: list[object] = []


@given(JSON_VALUES)
def test_an_object_is_decoded_as_any_value_is(value: Any) -> None:
    body = json_encoder()({"inner": value, "others": [value]})

    assert json_decoder(dict[str, object])(body) == {"inner": value, "others": [value]}
    assert json_decoder(Wrapped | None)(body) == Wrapped(value, [value])
    assert msgpack_decoder(list[object])(msgpack_encoder()([value])) == [value]


def test_a_pydantic_model_decodes_itself_and_tells_all_its_faults() -> None:
    decode = json_decoder(Model)

    assert decode(b'{"count":1}') == Model(count=1)
    with pytest.raises(InvalidError) as caught:
        decode(b'{"count":"x","name":5}')
    assert [(f.path, f.code, f.pointer) for f in caught.value.faults] == [
        ("count", "type", "/count"),
        ("name", "type", "/name"),
    ]


@pytest.mark.parametrize("body", [b'{"count":NaN}', b"{", b'{"count":"\xff"}', b"[" * 1_000])
def test_a_pydantic_model_is_made_from_json_only(body: bytes) -> None:
    with pytest.raises(MalformedError):
        json_decoder(Model)(body)


def test_pydantic_models_mix_with_other_types() -> None:
    class Holder(Struct):
        models: list[Model]

    decode = json_decoder(Holder)
    assert decode(b'{"models":[{"count":1}]}').models == [Model(count=1)]
    with pytest.raises(InvalidError) as caught:
        decode(b'{"models":[{"count":1},{}]}')
    assert [(f.path, f.code) for f in caught.value.faults] == [("models[1].count", "missing")]


@pytest.mark.parametrize("key", ["1_000", " 1", "٣", "01", "1.", "nan", "inf", "-Infinity", "sNaN"])
@pytest.mark.parametrize("kind", [int, float, int | None])
def test_a_key_is_a_number_as_json_writes_one(kind: Any, key: str) -> None:
    for value in (b"1", b"1.0"):  # the second is decoded in two steps
        with pytest.raises(InvalidError) as caught:
            json_decoder(dict[kind, int])(b'{"%s": %s}' % (key.encode(), value))

        assert "its key" in caught.value.faults[0].message


def test_keys_and_members_that_have_no_hash_are_faults() -> None:
    for annotation, body in ((dict[Decimal, int], b'{"sNaN": 1}'), (set[Decimal], b'["sNaN"]')):
        with pytest.raises(InvalidError):
            json_decoder(annotation)(body)


def test_a_codec_brings_a_type_of_the_user() -> None:
    decode, encode = json_decoder(list[Celsius], codecs=CODECS), json_encoder(codecs=CODECS)

    assert encode(decode(b"[1.5]")) == b"[1.5]"
    with pytest.raises(InvalidError) as caught:
        decode(b'[1.5,"x"]')
    assert [(f.path, f.message) for f in caught.value.faults] == [("[1]", "has the wrong form")]


def test_everything_usual_can_be_encoded() -> None:
    @attrs.define
    class Car:
        wheels: int

    @dataclass
    class Point:
        x: int

    values = [
        datetime(2026, 1, 31, tzinfo=UTC),
        timedelta(minutes=5),
        Decimal("1.50"),
        uuid.UUID(int=1),
        Colour.RED,
        {3},
        b"x",
        Car(4),
        Point(1),
        Model(count=1),
        IPv4Address("127.0.0.1"),
        PurePosixPath("a/b"),
        MappingProxyType({"a": 1}),
        float("nan"),
    ]
    expected = (
        b'["2026-01-31T00:00:00Z","PT300S","1.50","00000000-0000-0000-0000-000000000001","red",'
        b'[3],"eA==",{"wheels":4},{"x":1},{"count":1,"name":""},"127.0.0.1","a/b",{"a":1},null]'
    )
    assert json_encoder()(values) == expected


def test_a_declared_pydantic_model_writes_itself() -> None:
    encode = json_encoder(Model)

    assert encode(Model(count=1)) == b'{"count":1,"name":""}'
    assert encode({"count": 1}) == b'{"count":1}'


def test_what_cannot_be_encoded_is_an_error_with_a_hint() -> None:
    with pytest.raises(GambrelError, match="give Celsius a `__codec__`"):
        json_encoder()(Celsius(1))


def test_msgpack_becomes_a_value_of_its_type() -> None:
    body = msgpack_encoder()({"lines": [{"quantity": 2}], "note": "é" * 100})

    assert msgpack_decoder(Order)(body) == Order([Line(2)], "é" * 100)


def test_msgpack_with_faults_is_told_like_json() -> None:
    with pytest.raises(InvalidError) as caught:
        msgpack_decoder(Order)(msgpack_encoder()({"lines": [{"quantity": 0}]}))

    assert [(f.path, f.code) for f in caught.value.faults] == [("lines[0].quantity", "range")]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is malformed: input data was truncated."),
        (b"\x91" * 5_000, "The body is malformed: input data was truncated."),
        (b"\x91" * 65 + b"\xc0", "The body is nested more than 64 levels deep."),
        (b"\xdd\xff\xff\xff\xff", "The body is malformed: input data was truncated."),
        (b"\xa1\xff", "The body is not valid UTF-8."),
        (b"\xcb\x7f\xf8\0\0\0\0\0\0", "The body has a number that is not finite."),
        (b"\x91\xca\xff\x80\0\0", "The body has a number that is not finite."),
        (b"\xdd\0\1\x86\xa2" + b"\1" * 100_002, "The body has more than 100000 members."),
    ],
)
def test_malformed_msgpack_is_refused(body: bytes, detail: str) -> None:
    with pytest.raises(MalformedError) as caught:
        msgpack_decoder(Any)(body)

    too_deep = "The body is nested too deeply."  # what the stack of Python 3.11 has room for
    assert str(caught.value) in {detail, too_deep if len(body) == 5_000 else detail}


def test_bytes_that_only_look_like_nan_are_fine() -> None:
    body = msgpack_encoder()(b"\xcb\x7f\xf8")

    assert msgpack_decoder(bytes)(body) == b"\xcb\x7f\xf8"


class Priced(Struct):
    above: "Priced | None"
    prices: list[Annotated[Decimal, Meta(ge=0)]]


class Offer(Struct):
    items: list[Priced]


def test_the_refused_field_is_named_however_deep_it_is() -> None:
    with pytest.raises(
        GambrelError, match=r"Priced\.prices: `ge` of Meta is for a numeric type"
    ) as caught:
        json_decoder(Offer)

    assert "`Annotated[Decimal, Meta(ge=0)]` is none" in caught.value.what
    assert "`__post_init__`" in caught.value.hint


@pytest.mark.parametrize(
    ("annotation", "hint"),
    [
        (complex, "it a `__codec__`"),
        (Annotated[Decimal, Meta(ge=1)], r"Annotated\[Decimal, Ge\(1\)\]"),
        (str | uuid.UUID, "keep one of them"),
        (Annotated[int, Meta(ge=2**70)], "a type that msgspec can decode"),
    ],
)
def test_what_cannot_be_decoded_is_refused_at_start_up(annotation: Any, hint: str) -> None:
    with pytest.raises(GambrelError, match=hint) as caught:
        json_decoder(annotation)

    assert caught.value.code == "binding.unsupported-type"
