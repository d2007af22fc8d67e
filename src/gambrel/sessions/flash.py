"""`Flash`: messages to the next page that a visitor sees, in a cookie of their own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.sessions.cookies import (
    SIZE,
    Drafting,
    Sealing,
    cookie_name,
    keep_private,
    take_back,
    vary_by_cookie,
    write_cookie,
)
from gambrel.wording import Words

__all__ = ["Flash", "Message"]

NAME = "flash"
AGE = 600
"""Seconds until a message that no page has shown is forgotten."""


class Message(Struct, array_like=True, frozen=True):
    """A text for a visitor, and of what kind it is: `info`, `success`, `warning`, `error`."""

    text: str
    kind: str = "info"


class Kept(Struct, array_like=True, frozen=True):
    """What the cookie has: messages, and when they were left, in seconds since 1970."""

    at: int = 0
    messages: list[Message] = []


_decode = msgspec.json.Decoder(Kept).decode


class Flash(Drafting):
    """Messages that are shown once: `add` leaves one, and to go through them takes them all."""

    def __init__(
        self,
        request: Request,
        sealing: Sealing,
        name: str = NAME,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(request)
        self._sealing = sealing
        self._clock = clock
        self._name = cookie_name(request, name)
        self._messages = self._sent()
        self._is_sent = bool(self._messages)
        self._draft: Any = None

    def add(self, text: Words, kind: str = "info") -> None:
        """Leave a message; of more than a cookie can hold, the oldest are dropped.

        One that is too long by itself is cut. A lazy text is said in the language of now.
        """
        self._messages.append(Message(str(text), kind))
        self._write()

    def __iter__(self) -> Iterator[Message]:
        self._open()
        messages, self._messages = self._messages, []
        if messages:
            self._write()
        else:
            vary_by_cookie(self._request.draft)
        return iter(messages)

    def __bool__(self) -> bool:
        self._open()
        vary_by_cookie(self._request.draft)
        return bool(self._messages)

    def _sent(self) -> list[Message]:
        text = self._request.cookies.get(self._name)
        value = self._sealing.open(self._name, text) if text else None
        try:
            kept = Kept() if value is None else _decode(value)
        except msgspec.MsgspecError:
            return []
        return kept.messages if self._clock() - kept.at <= AGE else []

    def _write(self) -> None:
        """Tell the browser, in the draft of the answer that is made now."""
        self._open()
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
            kept = msgspec.json.encode(Kept(int(self._clock()), self._messages))
            text = self._sealing.seal(self._name, kept)
            if len(text) <= SIZE:
                return text
            first = self._messages.pop(0)
            if not self._messages:
                self._messages = [
                    Message(f"{first.text[: len(first.text) // 2]}…", first.kind[:20])
                ]
