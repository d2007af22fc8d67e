"""`Consent`: what a visitor has agreed to, in a cookie of its own, and nothing before that."""

from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.sessions.cookies import (
    Drafting,
    Sealing,
    cookie_name,
    keep_private,
    vary_by_cookie,
    write_cookie,
)

__all__ = ["Consent"]

NAME = "consent"
AGE = 180 * 24 * 3600
"""Seconds for which an answer counts; then it is asked for again."""


class Answer(Struct, array_like=True, frozen=True):
    """The purposes that a visitor was asked for, and those that were agreed to."""

    asked: list[str]
    given: list[str]


_decode = msgspec.json.Decoder(Answer).decode


class Consent(Drafting):
    """What the visitor agrees to: nothing, until `answer` says otherwise.

    Sessions and messages need no consent: the visitor asks for what they do. Statistics and the
    like do, and are `Sessions(purposes=["statistics"])`.
    """

    def __init__(self, request: Request, sealing: Sealing, purposes: Collection[str]) -> None:
        super().__init__(request)
        self._sealing = sealing
        self._name = cookie_name(request, NAME)
        self._answer = self._sent()
        self.purposes = list(purposes)
        """What visitors are asked for."""

    @property
    def is_open(self) -> bool:
        """Whether the visitor is to be asked: there is a purpose that nobody has asked for yet."""
        self._look()
        return bool(set(self.purposes) - set(self._answer.asked))

    def covers(self, purpose: str) -> bool:
        """Whether the visitor agrees to a purpose. Raises ValueError for one that is not declared.

        One that has left `purposes` is not covered any more.
        """
        if purpose not in self.purposes:
            raise ValueError(f"{purpose!r} is none of Sessions(purposes={self.purposes})")
        self._look()
        return purpose in self._answer.given

    def answer(self, *purposes: str) -> None:
        """Keep what the visitor agrees to; without a purpose, that it is nothing.

        Others than those that are asked for are left out.
        """
        self._open()
        given = [purpose for purpose in self.purposes if purpose in purposes]
        self._answer = Answer(self.purposes, given)
        keep_private(self._request)
        value = self._sealing.seal(self._name, msgspec.json.encode(self._answer))
        write_cookie(self._request.draft, self._name, value, AGE)

    def _look(self) -> None:
        self._open()
        if self._answer.asked:
            keep_private(self._request)
        else:
            vary_by_cookie(self._request.draft)

    def _sent(self) -> Answer:
        text: Any = self._request.cookies.get(self._name)
        value = self._sealing.open(self._name, text) if text else None
        try:
            return Answer([], []) if value is None else _decode(value)
        except msgspec.MsgspecError:
            return Answer([], [])
