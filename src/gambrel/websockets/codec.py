"""Messages to values and back, by the type in `WebSocket[T]`."""

from collections.abc import Callable
from typing import Any

import msgspec

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.errors import InvalidError, MalformedError
from gambrel.core.http.errors import BadRequest, HTTPError, Unprocessable

__all__ = ["Decode", "decoder", "encode"]

Decode = Callable[[str | bytes], Any]
_encode_json = msgspec.json.Encoder().encode


class UnsupportedMessage(HTTPError):
    """Text came where bytes are wanted, or the other way round."""

    status = 415


def encode(value: Any) -> str | bytes:
    """Return what is sent: text and bytes as they are, any other value as JSON in text.

    Raises TypeError for what JSON cannot express.
    """
    if isinstance(value, str | bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    return _encode_json(value).decode()


def decoder(kind: Any) -> Decode | None:
    """Return what makes a value of `kind` from a message; None where messages are left alone.

    It raises UnsupportedMessage, BadRequest for what is no JSON, and Unprocessable with all faults.

    Raises:
        GambrelError: `kind` cannot be decoded.
    """
    if kind in {Any, str | bytes, bytes | str}:
        return None
    return exactly(kind) if kind in {str, bytes} else from_json(kind)


def exactly(kind: type) -> Decode:
    """Return the decoder that lets one kind of message pass."""

    def decode(message: str | bytes) -> Any:
        if isinstance(message, kind):
            return message
        wanted = "text" if kind is str else "bytes"
        raise UnsupportedMessage(f"This socket takes messages of {wanted}.")

    return decode


def from_json(kind: Any) -> Decode:
    """Return the decoder of JSON."""
    convert = json_decoder(kind)

    def decode(message: str | bytes) -> Any:
        try:
            return convert(message.encode() if isinstance(message, str) else message)
        except MalformedError as error:
            raise BadRequest(str(error)) from None
        except InvalidError as error:
            raise Unprocessable(faults=error.faults) from None

    return decode
