"""`Flash`: messages to the next page that a visitor sees, in a cookie of their own."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.sessions.cookies import (
    SIZE,
    Sealing,
    cookie_name,
    keep_private,
    take_back,
    vary_by_cookie,
    write_cookie,
)

__all__ = ["Flash", "Message"]

NAME = "flash"
AGE = 600
"""Seconds until a message that no page has shown is forgotten."""


class Message(Struct, array_like=True, frozen=True):
    """A text for a visitor, and of what kind it is: `info`, `success`, `warning`, `error`."""

    text: str
    kind: str = "info"


_decode = msgspec.json.Decoder(list[Message]).decode


class Flash:
    """Messages that are shown once: `add` leaves one, and to go through them takes them all."""

    def __init__(self, request: Request, sealing: Sealing) -> None:
        self._request = request
        self._sealing = sealing
        self._name = cookie_name(request, NAME)
        self._messages = self._sent()
        self._is_sent = bool(self._messages)
        self._draft: Any = None

    def add(self, text: str, kind: str = "info") -> None:
        """Leave a message; of more than a cookie can hold, the oldest are dropped."""
        self._messages.append(Message(text, kind))
        self._write()

    def __iter__(self) -> Iterator[Message]:
        messages, self._messages = self._messages, []
        if messages:
            self._write()
        else:
            vary_by_cookie(self._request.draft)
        return iter(messages)

    def __bool__(self) -> bool:
        vary_by_cookie(self._request.draft)
        return bool(self._messages)

    def _sent(self) -> list[Message]:
        text = self._request.cookies.get(self._name)
        value = self._sealing.open(self._name, text) if text else None
        try:
            return [] if value is None else _decode(value)
        except msgspec.MsgspecError:
            return []

    def _write(self) -> None:
        """Tell the browser, in the draft of the answer that is made now."""
        if self._draft is not None:  # which may be another: that of a page inside
            take_back(self._draft, self._name)
        self._draft = draft = self._request.draft
        keep_private(self._request)
        if self._messages:
            write_cookie(draft, self._name, self._sealed(), AGE)
        elif self._is_sent:
            write_cookie(draft, self._name, "", 0)

    def _sealed(self) -> str:
        while True:
            text = self._sealing.seal(self._name, msgspec.json.encode(self._messages))
            if len(text) <= SIZE or len(self._messages) == 1:
                return text if len(text) <= SIZE else ""
            self._messages.pop(0)
