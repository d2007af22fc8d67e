"""Keep secrets out of logs: those that are known, and what looks like one.

The log formatters pass every text through a `Scrubber`. All patterns are bounded, so that a hostile
text costs no more than its length.
"""

import re
from collections.abc import Iterable

__all__ = ["HIDDEN", "Scrubber", "is_secret_name"]

HIDDEN = "[hidden]"
SHORTEST = 6
"""Shorter values are not looked for: they would hide half of every line."""

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|secret[_-]?key|authorization|cookie|set-cookie|session(?:id)?|csrf|xsrf|otp|pin|signature"
    r"|client[_-]?secret|refresh[_-]?token|access[_-]?token|id[_-]?token|credit[_-]?card|cvv|iban"
)
# A name, a quote perhaps, `=` or `:`, and a value up to where one ends.
_NAMED = re.compile(
    rf"""(?<![a-z])((?:{_NAMES})["']?\s{{0,3}}[=:]\s{{0,3}})"""
    r"""("(?:[^"\\]|\\.){1,1000}"|'(?:[^'\\]|\\.){1,1000}'|(?:(?:bearer|basic)\s)?(?:\[hidden\]|[^\s"'&,;)}\]]{1,1000}))""",
    re.IGNORECASE,
)
_NAME = re.compile(rf"(?<![a-z])(?:{_NAMES})(?![a-z])", re.IGNORECASE)
_SHAPES = (
    # Passwords are written into URLs with `/`, `?` and `#`, too: then all up to the first `@`
    # is hidden, unless it begins like a port.
    (
        re.compile(
            r"(:(?:\\?/){2}[^:/?#@\[\s'\"]{0,100}:)"
            r"(?:[^/?#\s'\"]{1,500}|(?!\d{1,5}[/?#])[^@\s'\"]{1,500})(?=@)"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(r"\b(bearer|basic)\s{1,3}[A-Za-z0-9._~+/=-]{8,4000}", re.IGNORECASE),
        rf"\1 {HIDDEN}",
    ),
    (re.compile(r"\beyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{0,2000}"), HIDDEN),
    (re.compile(r"\$(?:argon2\w{0,2}|2[aby]|scrypt|pbkdf2[\w-]{0,20})\$[^\s'\"]{8,400}"), HIDDEN),
)


def is_secret_name(name: str) -> bool:
    """Say whether a field of this name holds a secret."""
    return _NAME.search(name) is not None


class Scrubber:
    """Hides secrets in texts.

    `values` are secrets known beforehand, hidden wherever they stand.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Iterable[str] = ()) -> None:
        # The longest first: one secret may be a part of another.
        known = {value for value in values if len(value) >= SHORTEST}
        self._values = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for value in self._values:
            if value in text:
                text = text.replace(value, HIDDEN)
        for shape, shown in _SHAPES:
            text = shape.sub(shown, text)
        return _NAMED.sub(rf"\1{HIDDEN}", text)
