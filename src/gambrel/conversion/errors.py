"""Errors of the ground floor: `GambrelError` for developers, and what is wrong with an input.

Conversion raises these and knows no protocol; HTTP turns the last two into 400 and 422.
"""

import re
from collections.abc import Iterable

import msgspec

__all__ = ["ConversionError", "Fault", "GambrelError", "InvalidError", "MalformedError", "pointer"]

_PART = r"""\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.\[\]]+)"""


class GambrelError(Exception):
    """A mistake in an application or its set-up, told in three lines: what, where, what to type."""

    def __init__(self, code: str, what: str, where: str = "", hint: str = "") -> None:
        super().__init__(code, what, where, hint)
        self.code = code
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Return up to three lines; an unknown place or hint is left out."""
        lines = [f"[{self.code}] {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class Fault(msgspec.Struct, frozen=True, omit_defaults=True, rename={"location": "in"}):
    """One thing wrong with the input; `location` is written `in` on the wire.

    `path` reads like Python (`items[0].qty`); `pointer` is RFC 6901 (`/items/0/qty`), that of the
    path if none is given.
    """

    location: str
    path: str
    message: str
    code: str
    pointer: str = ""

    def __post_init__(self) -> None:
        if self.path and not self.pointer:
            msgspec.structs.force_setattr(self, "pointer", pointer(self.path))


def pointer(path: str) -> str:
    """Return the path of a fault as a JSON Pointer (RFC 6901)."""
    text = ""
    for index, quoted, name in re.findall(_PART, path):
        key = index or name or re.sub(r"\\(.)", r"\1", quoted)
        text += "/" + key.replace("~", "~0").replace("/", "~1")
    return text


class ConversionError(ValueError):
    """Text that is not a value of its type: a fault's `code`, a `message`, the item's `index`."""

    def __init__(self, code: str, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.index = index


class MalformedError(ValueError):
    """The input cannot be parsed, or is past a limit; the text quotes nothing of it."""


class InvalidError(ValueError):
    """The input parses, and is not of its type; `faults` are everything wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__(f"{len(self.faults)} faults")
