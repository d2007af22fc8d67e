"""What is written in code: texts in the language of now, or later.

`_("Hello %(name)s", name=name)`: a message is what it says in the language of the source. Values
are named, so that a translation may put them in another order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.i18n.locales import Locale
from gambrel.wording import SPEAKER, LazyText

__all__ = [
    "get_locale",
    "get_timezone",
    "lazy_gettext",
    "lazy_ngettext",
    "lazy_pgettext",
    "locale",
]


def lazy_gettext(message: str, /, **values: object) -> LazyText:
    """Return a message that is translated when it is shown: for labels, choices, constants."""
    return LazyText(message, values)


def lazy_pgettext(context: str, message: str, /, **values: object) -> LazyText:
    """Return the same for a message that means something else elsewhere."""
    return LazyText(message, values, context=context)


def lazy_ngettext(one: str, many: str, number: float, /, **values: object) -> LazyText:
    """Return the same for a message with a number."""
    return LazyText(one, {"num": number, **values}, plural=many, number=number)


def get_locale() -> Locale | None:
    """Return the locale of now; None where the app has no languages, or nobody is spoken to."""
    speaker: Any = SPEAKER.get()
    return None if speaker is None else speaker.language.locale


def get_timezone() -> tzinfo | None:
    """Return the time zone of now; None as above."""
    speaker: Any = SPEAKER.get()
    return None if speaker is None else speaker.zone


@contextmanager
def locale(tag: str = "", timezone: str | tzinfo = "") -> Iterator[Locale]:
    """Speak another language inside a `with` block, in a request or a task that one has begun.

    Raises GambrelError where the app does not have it, and outside of requests: there
    `languages: Languages` has `languages.use(tag)`.
    """
    speaker: Any = SPEAKER.get()
    if speaker is None:
        what = f"locale({tag!r}) was called where nobody knows the languages of the app"
        hint = "ask for `languages: Languages`, and write `with languages.use(...)`"
        raise GambrelError("i18n.nobody", what, "", hint)
    with speaker.languages.use(tag, timezone) as found:
        yield found
