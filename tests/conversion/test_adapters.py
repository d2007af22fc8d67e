from datetime import datetime
from ipaddress import IPv4Address
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any, Literal
from uuid import UUID

import pydantic
import pytest

from gambrel.conversion.adapters import (
    STANDARD_CODECS,
    decode_hook,
    encode_hook,
    find_codec,
    is_pydantic,
    model_faults,
    validate_model,
)
from gambrel.conversion.errors import GambrelError
from gambrel.conversion.shape import Codec


class Strict(pydantic.BaseModel, strict=True, extra="forbid"):
    made: datetime | None = None
    id: UUID | None = None


class Constrained(pydantic.BaseModel):
    number: Annotated[int, pydantic.Field(ge=1)] = 1
    name: Annotated[str, pydantic.Field(min_length=2, pattern="^a")] = "ab"
    choice: Literal["a"] = "a"
    tagged: Annotated["Left | Right | None", pydantic.Field(discriminator="side", default=None)]
    when: datetime | None = None

    @pydantic.field_validator("number")
    @classmethod
    def is_lucky(cls, value: int) -> int:
        if value == 13:
            raise ValueError("brings no luck")
        return value


class Left(pydantic.BaseModel):
    side: Literal["left"]


class Right(pydantic.BaseModel):
    side: Literal["right"]


Constrained.model_rebuild()


def problems(model: Any, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(pydantic.ValidationError) as caught:
        validate_model(model, value)
    return [(path, code) for path, code, _ in model_faults(caught.value)]


def test_a_pydantic_model_is_known_without_importing_pydantic() -> None:
    assert is_pydantic(Strict)
    assert not is_pydantic(int)
    assert not is_pydantic(Strict())


def test_a_strict_model_takes_what_json_says() -> None:
    value = {"made": "2026-01-31T12:00:00Z", "id": "00000000-0000-0000-0000-000000000001"}

    assert validate_model(Strict, value).id == UUID(int=1)


@pytest.mark.parametrize(
    ("model", "value", "code"),
    [
        (Strict, {"made": 5}, "type"),
        (Strict, {"extra": 5}, "unknown_field"),
        (Constrained, {"number": 0}, "range"),
        (Constrained, {"number": 13}, "custom"),
        (Constrained, {"number": "x"}, "type"),
        (Constrained, {"name": "a"}, "length"),
        (Constrained, {"name": "ba"}, "pattern"),
        (Constrained, {"choice": "b"}, "enum"),
        (Constrained, {"when": "never"}, "format"),
        (Constrained, {"tagged": {"side": "up"}}, "union"),
        (Left, {}, "missing"),
    ],
)
def test_errors_of_pydantic_have_our_codes(model: Any, value: Any, code: str) -> None:
    assert [found for _, found in problems(model, value)] == [code]


def test_an_error_of_pydantic_keeps_its_path_and_words() -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        validate_model(Constrained, {"number": 13})

    expected = [(("number",), "custom", "value error, brings no luck")]
    assert model_faults(caught.value) == expected


def test_the_nearest_codec_is_used() -> None:
    codec = Codec(str)

    assert find_codec(PurePosixPath, {PurePath: codec}) is codec
    assert find_codec(int, {PurePath: codec}) is None


def test_addresses_are_decoded_from_text_only() -> None:
    decode = decode_hook(STANDARD_CODECS)

    assert decode(IPv4Address, "127.0.0.1") == IPv4Address("127.0.0.1")
    with pytest.raises(ValueError, match="must be a string"):
        decode(IPv4Address, 1)


def test_a_type_without_a_decoder_is_left_to_msgspec() -> None:
    with pytest.raises(NotImplementedError):
        decode_hook(STANDARD_CODECS)(PurePath, "x")


def test_an_object_is_any_value():
    value = [1, {"a": None}]

    assert decode_hook({})(object, value) is value


def test_what_has_no_codec_cannot_be_encoded() -> None:
    assert encode_hook(STANDARD_CODECS)(PurePosixPath("a")) == "a"
    with pytest.raises(GambrelError, match="of type object cannot be encoded"):
        encode_hook({})(object())


def test_a_class_brings_its_codec_itself():
    codec = Codec(str)

    class Temperature:
        __codec__ = codec

    class Fever(Temperature):
        pass

    assert find_codec(Temperature, {}) is codec
    assert find_codec(Fever, {object: Codec(repr)}) is codec


async def load() -> int:
    return 1


def test_a_coroutine_within_an_answer_was_not_awaited():
    with pytest.raises(GambrelError) as told:
        encode_hook({})(load())

    assert told.value.code == "binding.forgotten-await"
    assert told.value.hint == "write `await load(...)`"
