"""What editors and type checkers know of texts; checked by mypy and pyright, never run."""

from datetime import tzinfo
from typing import assert_type

from gambrel.forms import field
from gambrel.i18n import (
    Languages,
    LazyText,
    Locale,
    format_number,
    get_locale,
    get_timezone,
    gettext,
    lazy_gettext,
    locale,
    ngettext,
    pgettext,
)

assert_type(gettext("Hello %(name)s", name="Ann"), str)
assert_type(ngettext("%(num)s car", "%(num)s cars", 2), str)
assert_type(pgettext("month", "May"), str)
assert_type(lazy_gettext("Name"), LazyText)
assert_type(format_number(1.5, decimals=2), str)
assert_type(get_locale(), Locale | None)
assert_type(get_timezone(), tzinfo | None)

NAME = field(lazy_gettext("Name"), choices={"r": lazy_gettext("red"), "b": "blue"})


def a_language_is_spoken_for_a_time(languages: Languages) -> None:
    with languages.use("de", timezone="Europe/Berlin") as german, locale("ar") as arabic:
        assert_type(german, Locale)
        assert_type(arabic.direction, str)
