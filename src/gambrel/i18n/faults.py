"""What is wrong with an input, in other languages: our texts come with their values already.

Conversion writes "must have at least 2 characters", and knows no languages. Here is what it may
write, each a message of the framework's catalog with a context of its own.
"""

import re

from gambrel.wording import OWN, Tongue, fill

__all__ = ["PATTERNS", "SENTENCES", "Faults"]

PATTERNS = (
    ("must have at least %(number)s character", "must have at least %(number)s characters"),
    ("must have at most %(number)s character", "must have at most %(number)s characters"),
    ("must have at least %(number)s byte", "must have at least %(number)s bytes"),
    ("must have at most %(number)s byte", "must have at most %(number)s bytes"),
    ("must have at least %(number)s item", "must have at least %(number)s items"),
    ("must have at most %(number)s item", "must have at most %(number)s items"),
    ("must have exactly %(number)s item", "must have exactly %(number)s items"),
    ("must have at most %(number)s digit", "must have at most %(number)s digits"),
    ("must be at least %(bound)s", ""),
    ("must be greater than %(bound)s", ""),
    ("must be at most %(bound)s", ""),
    ("must be less than %(bound)s", ""),
    ("must be a multiple of %(bound)s", ""),
    ("must be one of %(choices)s", ""),
    ("must match the pattern %(pattern)s", ""),
    (
        "This was sent too often. Try again in %(number)s second.",
        "This was sent too often. Try again in %(number)s seconds.",
    ),
)
"""Texts with values; with a second one, the first is for one thing and that for more."""
SENTENCES = (
    "is required",
    "is not a known field",
    "is not valid",
    "is none of the choices",
    "has the wrong form",
    "must be null",
    "must be true or false",
    "must be a whole number",
    "must be a number",
    "must be a number of ordinary size",
    "must be a finite number of ordinary size",
    "must be a decimal number",
    "must be a string",
    "must be base64",
    "must be a UUID",
    "must be a date and time such as 2026-01-31T12:00:00Z",
    "must be a date such as 2026-01-31",
    "must be a time such as 12:00:00",
    "must be an ISO 8601 duration such as PT1H30M",
    "must be a list",
    "must be a list of texts",
    "must be an object",
    "must be a file",
    "must be given once",
    "must have a time zone, such as Z or +02:00",
    "must not have a time zone",
    "must be an e-mail address",
    "must be an http or https URL",
    "must be lower-case words joined by hyphens",
    "must be a phone number such as +15550100 (E.164)",
    "must be a country code of two letters (ISO 3166-1)",
    "must be a currency code of three letters (ISO 4217)",
    "must be a ULID: 26 digits and capital letters",
    "is taken already",
    "is not there any more",
    "It was changed by somebody else meanwhile. Send it again to replace that.",
    "This looks like spam.",
    "is too long to be kept",
)
_HOLE = re.compile(r"%\\?\((\w+)\\?\)s")
LONGEST = 500


class Faults:
    """Says in one language what is wrong."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self.patterns = [
            (expression_of(text), *both) for both in PATTERNS for text in filter(None, both)
        ]

    def explain(self, message: str) -> str:
        """Return a fault in this language; as it is where it is not known."""
        found = self.tongue.translate(message, context=OWN)
        if found != message or len(message) > LONGEST:
            return found
        for expression, one, many in self.patterns:
            match = expression.fullmatch(message)
            if match:
                values = match.groupdict()
                number = int(values["number"]) if many else None
                text = self.tongue.translate(one, many, number, OWN)
                return message if text in {one, many} else fill(text, one, values)
        return self.tongue.translate(message)  # a rule of the app's, say, with words of its own


def expression_of(text: str) -> re.Pattern[str]:
    """Return an expression for a text with any values."""
    return re.compile(_HOLE.sub(hole, re.escape(text)))


def hole(match: re.Match[str]) -> str:
    """Return the group for a value."""
    return rf"(?P<{match[1]}>{'[0-9]{1,9}' if match[1] == 'number' else '.+'})"
