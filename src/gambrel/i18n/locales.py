"""`Locale`: a language and perhaps a country, by its tag."""

from functools import lru_cache

from babel import Locale as Data
from babel import UnknownLocaleError
from msgspec import Struct

from gambrel.core.http.errors import GambrelError

__all__ = ["Data", "Locale", "data_of", "parse_locale"]


class Locale(Struct, frozen=True):
    """A language and perhaps a country: `tag` is `de`, `pt-BR`, `zh-Hant` (RFC 5646).

    `direction` is `ltr` or `rtl`, `name` what its speakers call it. As a text it is its tag.
    """

    tag: str
    direction: str
    name: str

    @property
    def language(self) -> str:
        """The language alone: `pt` of `pt-BR`."""
        return self.tag.partition("-")[0]

    @property
    def data(self) -> Data:
        """What Babel knows of it (a `babel.Locale`)."""
        return data_of(self.tag)

    @property
    def folders(self) -> tuple[str, ...]:
        """What folders of its catalogs are called, the widest first: `pt`, `pt_BR`."""
        parts = self.tag.split("-")
        return tuple("_".join(parts[: count + 1]) for count in range(len(parts)))

    def __str__(self) -> str:
        return self.tag


@lru_cache(256)
def data_of(tag: str) -> Data:
    """Return what Babel knows of a tag that was checked."""
    return Data.parse(tag, sep="-")


def parse_locale(text: str) -> Locale:
    """Return the locale of a tag. Raises GambrelError for one that Unicode's data does not have."""
    tag = text.replace("_", "-")
    try:
        data = data_of(tag)
    except (UnknownLocaleError, ValueError, TypeError) as error:
        hint = 'write a tag as "en", "de-AT", "pt-BR", "zh-Hant"'
        raise GambrelError("i18n.locale", f"{text!r} is no locale", "I18n(...)", hint) from error
    name = data.get_display_name(data) or tag
    return Locale(str(data).replace("_", "-"), data.text_direction, name[:1].upper() + name[1:])
