"""Bytes to typed values and back: JSON and MessagePack, by msgspec.

Decoders and encoders are made at start-up, one per annotation. A good body takes one decoder
call; only a bad one is decoded again and walked, so that every fault is told.
"""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from gambrel.conversion.adapters import (
    STANDARD_CODECS,
    decode_hook,
    encode_hook,
    is_pydantic,
    model_faults,
)
from gambrel.conversion.checker import checker, is_open
from gambrel.conversion.errors import GambrelError, InvalidError, MalformedError
from gambrel.conversion.faults import collect, fault
from gambrel.conversion.shape import Codec, Codecs, Shape, read_shape

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "Codec",
    "Codecs",
    "json_decoder",
    "json_encoder",
    "msgpack_decoder",
    "msgpack_encoder",
]

MAX_DEPTH = 64
MAX_NODES = 100_000

Decode = Callable[[bytes], Any]
Encode = Callable[[Any], bytes]


def json_decoder(annotation: Any, *, codecs: Codecs | None = None) -> Decode:
    """Return the function that makes a value of type `annotation` from JSON.

    It raises MalformedError for what is not JSON (RFC 8259), too deep or too many-membered, and
    InvalidError with every fault for what is not of the type.

    Raises:
        GambrelError: The annotation cannot be bound.
    """
    codecs = {**STANDARD_CODECS, **(codecs or {})}
    shape = read_shape(annotation, codecs)
    if shape.kind == "pydantic":
        return _model_decoder(shape.cls)
    decoder = _made(msgspec.json.Decoder, shape, codecs)
    # n nodes, and n levels of nesting, need at least n and 2n bytes
    harmless = 2 * MAX_DEPTH if is_open(shape) else MAX_NODES
    guard = _guard_deep_json if is_open(shape) else _guard_json
    return _decode(decoder.decode, (harmless, guard), shape, codecs, _plain_json)


def msgpack_decoder(annotation: Any, *, codecs: Codecs | None = None) -> Decode:
    """Return the function that makes a value of type `annotation` from MessagePack.

    Raises and limits are those of `json_decoder`; floats that are not finite are malformed too.
    """
    codecs = {**STANDARD_CODECS, **(codecs or {})}
    shape = read_shape(annotation, codecs)
    decoder = _made(msgspec.msgpack.Decoder, shape, codecs)
    harmless = MAX_DEPTH if is_open(shape) else MAX_NODES
    guarding = (harmless, _msgpack_guard(harmless))
    return _decode(decoder.decode, guarding, shape, codecs, msgspec.msgpack.decode)


def json_encoder(annotation: Any = None, *, codecs: Codecs | None = None) -> Encode:
    """Return the function that writes a value as JSON; the type only chooses the faster way.

    Decimals and durations are strings, bytes base64, NaN and infinities null.
    """
    hook = encode_hook({**STANDARD_CODECS, **(codecs or {})})
    encode = msgspec.json.Encoder(enc_hook=hook).encode
    if not is_pydantic(annotation):
        return encode
    write = annotation.__pydantic_serializer__.to_json

    def encode_model(value: Any) -> bytes:
        if type(value) is annotation:
            return bytes(write(value, by_alias=True))
        return encode(value)

    return encode_model


def msgpack_encoder(annotation: Any = None, *, codecs: Codecs | None = None) -> Encode:
    """Return the function that writes a value as MessagePack."""
    hook = encode_hook({**STANDARD_CODECS, **(codecs or {})})
    return msgspec.msgpack.Encoder(enc_hook=hook).encode


def _made(kind: Any, shape: Shape, codecs: Codecs) -> Any:
    try:
        return kind(shape.annotation, dec_hook=decode_hook(codecs))
    except (TypeError, ValueError, NameError) as error:
        hint = next((hint for part, hint in _HINTS.items() if part in str(error)), _HINT)
        words = re.sub(r"(\w+\.)+(?=[A-Za-z_])", "", str(error))
        words = re.sub(r"Can only set (\S+) on (.*) - type (.*) is invalid", _RANGE, words)
        what = _refused(shape, str(error)) + words
        raise GambrelError("binding.unsupported-type", what, "", hint) from error


def _refused(shape: Shape, words: str) -> str:
    """Return the field whose annotation msgspec's words are about, or nothing."""
    spelled = words.partition("type `")[2].partition("` is")[0] or words
    shapes = [shape]
    for each in shapes:  # grows on the way
        for member in each.fields:
            if spelled in str(member.shape.annotation):
                return f"{each.cls.__qualname__}.{member.name}: "
        inner = (*each.items, *(member.shape for member in each.fields))
        shapes += [one for one in inner if all(one is not known for known in shapes)]
    return ""


_RANGE = r"\1 of Meta is for \2, and \3 is none"
_HINTS = {
    "Can only set": "put the constraint on the member (`Annotated[int, Meta(ge=1)] | None`); that "
    "of a Decimal or a date is one of the package annotated-types (`Annotated[Decimal, Ge(1)]`), "
    "or is checked in `__post_init__`, which raises ValueError",
    "If a type union contains": "tag each Struct, `class A(Struct, tag=True)`: a member "
    "`type` of the JSON then says which it is",
    "Type unions may not": "keep one of them, or tag each Struct: `class A(Struct, tag=True)`",
}
_HINT = "use a type that msgspec can decode, or give it a `__codec__`"


def _decode(
    decode: Decode,
    guarding: tuple[int, Callable[[bytes], None]],
    shape: Shape,
    codecs: Codecs,
    decode_plain: Decode,
) -> Decode:
    check, hook = checker(shape), decode_hook(codecs)
    harmless, guard = guarding

    def decode_body(body: bytes) -> Any:
        if len(body) > harmless or not body.isascii():
            guard(body)
        try:
            value = decode(body)
        except (msgspec.ValidationError, TypeError):  # the latter of a key: Decimal("sNaN")
            return decode_slowly(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _malformed(error) from None
        return value if check is None or check(value) else decode_slowly(body)

    def decode_slowly(body: bytes) -> Any:
        try:
            plain = decode_plain(body)
        except msgspec.ValidationError:
            raise InvalidError([fault("body", (), "range", "has a number out of range")]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _malformed(error) from None
        if found := collect(shape, plain, codecs=codecs):
            raise InvalidError(found) from None
        return msgspec.convert(plain, shape.annotation, dec_hook=hook, str_keys=True)

    return decode_body


def _model_decoder(model: Any) -> Decode:
    """Return the decoder of a Pydantic model, whose own parser is laxer than JSON's grammar."""
    validate = model.__pydantic_validator__.validate_json
    parse = msgspec.json.Decoder(msgspec.Raw).decode

    def decode_body(body: bytes) -> Any:
        _guard_deep_json(body)
        try:
            parse(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _malformed(error) from None
        try:
            return validate(body)
        except ValueError as error:
            found = [fault("body", *problem) for problem in model_faults(error)]
            raise InvalidError(found[:100]) from None

    return decode_body


def _malformed(error: Exception) -> ValueError:
    """Return the 400 of a body that cannot be parsed; msgspec's words hold nothing of the body."""
    if isinstance(error, RecursionError):
        return MalformedError("The body is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return MalformedError("The body is not valid UTF-8.")
    words = str(error).partition(" is malformed: ")[2] or str(error)
    return MalformedError(f"The body is malformed: {words[:1].lower()}{words[1:]}.")


_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ROUND = bytes.maketrans(b"{}", b"[]")


def _guard_json(body: bytes) -> None:
    """Refuse what is not UTF-8 or has too many members, by counting bytes."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise _malformed(error) from None
    separators = body.count(b"[") + body.count(b"{") + body.count(b",")
    if separators > MAX_NODES and _nodes(body) > MAX_NODES:
        raise MalformedError(f"The body has more than {MAX_NODES} members.")


def _guard_deep_json(body: bytes) -> None:
    """Refuse what nests too deeply, for types that do not bound the nesting themselves."""
    _guard_json(body)
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deep(body):
        raise MalformedError(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _without_strings(body: bytes) -> bytes:
    """Return what is outside strings; every step is one pass in C, whatever the body is."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(bare.split(b'"')[::2])


def _nodes(body: bytes) -> int:
    bare = _without_strings(body)
    return bare.count(b"[") + bare.count(b"{") + bare.count(b",")


def _is_deep(body: bytes) -> bool:
    """Whether brackets outside strings nest too deeply: one pass in C per level."""
    brackets = _without_strings(body).translate(_ROUND, _BRACKETS)
    if b"[" * (MAX_DEPTH + 1) in brackets:
        return True
    for _ in range(MAX_DEPTH):
        inner = brackets.replace(b"[]", b"")
        if len(inner) == len(brackets):
            # unbalanced, so malformed; as deep as it looks all the same
            return inner.count(b"[") > MAX_DEPTH
        brackets = inner
    return bool(brackets)


_NOT_FINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]|\xca[\x7f\xff][\x80-\xff]")


def _plain_json(body: bytes) -> Any:
    return _whole(msgspec.json.decode(body))


def _whole(plain: Any) -> Any:
    """Return JSON's data with 1.0 as 1: to JSON and its schemas they are the same number."""
    if isinstance(plain, float) and plain.is_integer():
        return int(plain)
    if isinstance(plain, list):
        return [_whole(item) for item in plain]
    if isinstance(plain, dict):
        return {key: _whole(value) for key, value in plain.items()}
    return plain


def _msgpack_guard(harmless: int) -> Callable[[bytes], None]:
    """Return the check of depth, number of members and finite floats."""

    def guard(body: bytes) -> None:
        if len(body) <= harmless and not _NOT_FINITE.search(body):
            return
        try:
            plain = msgspec.msgpack.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError) as error:
            raise _malformed(error) from None
        _measure(plain)

    return guard


def _measure(plain: Any) -> None:
    level, nodes = [plain], 0
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
            elif isinstance(value, float) and value - value != 0:
                raise MalformedError("The body has a number that is not finite.")
        nodes += len(inner)
        if nodes > MAX_NODES:
            raise MalformedError(f"The body has more than {MAX_NODES} members.")
        if not inner:
            return
        level = inner
    raise MalformedError(f"The body is nested more than {MAX_DEPTH} levels deep.")
