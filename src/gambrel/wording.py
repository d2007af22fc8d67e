"""Texts for people, in the language of whoever reads them; without one, as they are written.

Forms, templates and pages of errors speak through here and know no catalog. The battery i18n puts a
`Speaker` into the context of a request, a task or a `with` block.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, tzinfo
from typing import Any, Protocol

from gambrel.conversion.shape import Codec

__all__ = [
    "OWN",
    "SPEAKER",
    "LazyText",
    "Speaker",
    "Tongue",
    "Words",
    "explain",
    "fill",
    "gettext",
    "ngettext",
    "npgettext",
    "pgettext",
    "read_local",
    "say",
    "translate",
    "write_local",
    "zone_name",
    "zone_named",
    "zone_now",
]


class Tongue(Protocol):
    """A language, as far as whoever speaks has to know it."""

    tag: str
    direction: str

    def translate(
        self, message: str, plural: str = "", number: Any = None, context: str = ""
    ) -> str:
        """Return a message in this language, or as it is where nobody has translated it."""
        ...

    def explain(self, message: str) -> str:
        """Return what is wrong with an input, a text of ours that has its values already."""
        ...

    def read(self, kind: str, text: str) -> str:
        """Return a number or date of a visitor as machines write it; what is none, with a `?`."""
        ...

    def write(self, kind: str, text: str) -> str:
        """Return a number or date of ours as a visitor would type it."""
        ...


class Speaker(Protocol):
    """Whoever is spoken to: their language is found out when it is first wanted."""

    @property
    def language(self) -> Tongue:
        """The language."""
        ...

    @property
    def zone(self) -> tzinfo:
        """Their time zone."""
        ...

    def zone_named(self, name: str) -> tzinfo | None:
        """Return a time zone by its name, None for what is none."""
        ...


SPEAKER: ContextVar[Speaker | None] = ContextVar("gambrel.speaker", default=None)
"""Who is spoken to now; None where the app knows no languages."""


OWN = "gambrel"
"""The context of the framework's own messages: nobody else's are taken for them."""


def translate(message: str, plural: str = "", number: Any = None, context: str = "") -> str:
    """Return a message in the language of now."""
    speaker = SPEAKER.get()
    if speaker is None:
        return message if number is None or number == 1 else plural
    return speaker.language.translate(message, plural, number, context)


def say(message: str, /, **values: Any) -> str:
    """Return a text of the framework's in the language of now, with its values."""
    return fill(translate(message, context=OWN), message, values)


def fill(text: str, message: str, values: Mapping[str, Any]) -> str:
    """Return a translation with its values (`%(name)s`); one that has others is not used."""
    if not values:
        return text
    try:
        return text % values
    except (KeyError, TypeError, ValueError):
        return message % values


# As everybody calls them ---------------------------------------------------------------------


def gettext(message: str, /, **values: object) -> str:
    """Return a message in the language of now, with its values.

    `gettext("Hello %(name)s", name=name)`; where a catalog has other values, it is not used.
    """
    return fill(translate(message), message, values)


def ngettext(one: str, many: str, number: float, /, **values: object) -> str:
    """Return the form of a message for a number, which is its value `num`.

    `ngettext("%(num)s guest", "%(num)s guests", count)`; a language may have more forms than two.
    """
    source = one if number == 1 else many
    return fill(translate(one, many, number), source, {"num": number, **values})


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return a message that means something else elsewhere: `pgettext("month", "May")`."""
    return fill(translate(message, context=context), message, values)


def npgettext(context: str, one: str, many: str, number: float, /, **values: object) -> str:
    """Return the form for a number of a message that means something else elsewhere."""
    source = one if number == 1 else many
    return fill(translate(one, many, number, context), source, {"num": number, **values})


# What visitors type and see ---------------------------------------------------------------------


def explain(message: str) -> str:
    """Return what is wrong with an input in the language of now."""
    speaker = SPEAKER.get()
    return message if speaker is None else speaker.language.explain(message)


def read_local(kind: str, text: str) -> str:
    """Return a number or date as machines write it: `1234.5` of `1.234,5` in German."""
    speaker = SPEAKER.get()
    return text if speaker is None else speaker.language.read(kind, text)


def write_local(kind: str, text: str) -> str:
    """Return a number or date as a visitor would type it."""
    speaker = SPEAKER.get()
    return text if speaker is None else speaker.language.write(kind, text)


def zone_now() -> tzinfo:
    """Return the time zone of now; UTC where the app knows none."""
    speaker = SPEAKER.get()
    return UTC if speaker is None else speaker.zone


def zone_name() -> str:
    """Return the name of the time zone of now; empty where the app knows none."""
    speaker = SPEAKER.get()
    return "" if speaker is None else str(speaker.zone)


def zone_named(name: str) -> tzinfo | None:
    """Return the time zone of a name; None where it is none, or the app knows none."""
    speaker = SPEAKER.get()
    return None if speaker is None else speaker.zone_named(name)


class LazyText:
    """A text that is translated when it is shown: `str(text)`, in templates, in JSON.

    It may stand where a module is loaded: in labels, choices, models. It is no `str`, so that
    nothing takes it for one before its language is known.
    """

    __codec__ = Codec(str, None, {"type": "string"})
    __slots__ = ("context", "message", "number", "plural", "values")

    def __init__(
        self,
        message: str,
        values: Mapping[str, Any],
        *,
        plural: str = "",
        number: Any = None,
        context: str = "",
    ) -> None:
        self.message = message
        self.values = values
        self.plural = plural
        self.number = number
        self.context = context

    def __str__(self) -> str:
        found = translate(self.message, self.plural, self.number, self.context)
        source = self.message if self.number in {None, 1} else self.plural
        return fill(found, source, self.values)

    def __repr__(self) -> str:
        return f"LazyText({self.message!r})"

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def __mod__(self, values: Any) -> str:
        filled: str = str(self) % values
        return filled

    def __add__(self, other: "Words") -> str:
        return str(self) + str(other)

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __len__(self) -> int:
        return len(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str | LazyText) and str(self) == str(other)

    def __lt__(self, other: "Words") -> bool:
        return str(self) < str(other)

    def __hash__(self) -> int:
        return hash((self.message, self.plural, self.context))


Words = str | LazyText
"""A text for people."""
