"""`Languages`: those of an app, with their messages; and `Language`, what one of them can say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from functools import cached_property, lru_cache
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.headers import best_language
from gambrel.i18n.catalogs import OWN, Folder, Messages, key_of, load_messages
from gambrel.i18n.faults import Faults
from gambrel.i18n.locales import Locale
from gambrel.i18n.parsing import read_text, write_text
from gambrel.i18n.zones import UTC, find_zone, zone_of
from gambrel.wording import SPEAKER

__all__ = ["Language", "Languages", "Setting", "open_languages"]


class Language:
    """One language: what it calls things, and how numbers are read and written in it."""

    def __init__(self, locale: Locale, messages: Messages) -> None:
        self.locale = locale
        self.tag = locale.tag
        self.direction = locale.direction
        self.texts = messages.texts
        self.forms = messages.forms

    def translate(
        self, message: str, plural: str = "", number: Any = None, context: str = ""
    ) -> str:
        """Return a message in this language; as it is where there is none."""
        key = key_of(message, context) if context else message
        if number is None:
            return self.texts.get(key, message)
        forms = self.forms.get(key)
        if forms is not None:
            texts, choose = forms
            # A number that is not whole has the form of the whole one below it, as in gettext.
            index = choose(abs(int(number)))
            if 0 <= index < len(texts):
                return texts[index]
        return message if number == 1 else plural

    @cached_property
    def faults(self) -> Faults:
        """What is known to be wrong with inputs."""
        return Faults(self)

    def explain(self, message: str) -> str:
        """Return what is wrong with an input."""
        return self.faults.explain(message)

    def read(self, kind: str, text: str) -> str:
        """Return a number or date of a visitor as machines write it."""
        return read_text(kind, text, self.locale.data)

    def write(self, kind: str, text: str) -> str:
        """Return a number or date of ours as a visitor would type it."""
        return write_text(kind, text, self.locale.data)

    def __repr__(self) -> str:
        return f"<Language {self.tag}>"


class Setting:
    """A language and a time zone that were said: in a job, in a mail, in a test.

    What was not said is that of `around`, and only asked for if it is wanted.
    """

    def __init__(
        self,
        languages: "Languages",
        language: Language | None,
        zone: tzinfo | None,
        around: "Setting | Any" = None,
    ) -> None:
        self.languages = languages
        self.around = around
        self._language = language
        self._zone = zone

    @property
    def language(self) -> Language:
        """The language."""
        found: Language = self._language or self.around.language
        return found

    @property
    def zone(self) -> tzinfo:
        """The time zone."""
        found: tzinfo = self._zone or self.around.zone
        return found

    def zone_named(self, name: str) -> tzinfo | None:
        """Return a time zone by its name, None for what is none."""
        return find_zone(name)


class Languages:
    """The languages of an app, the first of them where nothing else is wanted.

    A mapping of tags, read only; `use` speaks one of them for a time.
    """

    def __init__(self, languages: Iterable[Language], zone: tzinfo = UTC) -> None:
        self.by_tag: Mapping[str, Language] = {one.tag: one for one in languages}
        self.default = next(iter(self.by_tag.values()))
        self.zone = zone
        self.lower = {tag.lower(): tag for tag in self.by_tag}
        self.preferred = lru_cache(512)(lambda header: best_language(header, list(self.by_tag)))

    def __iter__(self) -> Iterator[Locale]:
        return (language.locale for language in self.by_tag.values())

    def __len__(self) -> int:
        return len(self.by_tag)

    def __contains__(self, tag: object) -> bool:
        return self.find(str(tag)) is not None

    def find(self, tag: str) -> Language | None:
        """Return the language of a tag, however its letters and dashes are written; or None."""
        found = self.lower.get(tag.replace("_", "-").lower())
        return None if found is None else self.by_tag[found]

    def nearest(self, tag: str) -> Language | None:
        """Return the language of a tag or of its first part: `de` for `de-AT`; or None."""
        parts = tag.replace("_", "-").split("-")
        tags = ("-".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((found for found in map(self.find, tags) if found), None)

    def accepted(self, accept_language: str) -> Language | None:
        """Return the language that a header prefers, None where it takes none of these.

        Raises BadRequest for a header that is too long.
        """
        if not accept_language.strip():
            return None
        tag = self.preferred(accept_language)
        return None if tag is None else self.by_tag[tag]

    @contextmanager
    def use(self, tag: str = "", timezone: str | tzinfo = "") -> Iterator[Locale]:
        """Speak a language inside a `with` block, and keep its times in a zone.

        What is left out stays as it is around the block, else the app's own. Raises GambrelError
        where the app does not have the language, or nobody the zone.
        """
        around = SPEAKER.get() or Setting(self, self.default, self.zone)
        language = self.found(tag) if tag else None
        setting = Setting(self, language, zone_of(timezone) if timezone else None, around)
        token = SPEAKER.set(setting)
        try:
            yield setting.language.locale
        finally:
            SPEAKER.reset(token)

    def found(self, tag: str) -> Language:
        """Return the language of a tag, or the nearest. Raises GambrelError for none."""
        language = self.nearest(tag)
        if language is None:
            what = f"this app has no language {tag!r}, only {', '.join(self.by_tag)}"
            raise GambrelError("i18n.locale", what, "", f"add it: I18n(..., {tag!r})")
        return language


def open_languages(
    locales: Sequence[Locale], folders: Sequence[Folder], source: str, zone: tzinfo
) -> Languages:
    """Return the languages of an app with their messages.

    Raises GambrelError for a catalog that is broken, or one that the app does not have.
    """
    own = [folder for folder in folders if folder.by == "app"]
    for folder in own:
        if not folder.path.is_dir():
            what = f"there is no folder {folder} for the catalogs of this app"
            tag = next((o.folders[-1] for o in locales if o.language != source), source)
            hint = f"gambrel i18n extract, then gambrel i18n init {tag}; or I18n(..., folders=())"
            raise GambrelError("i18n.no-folder", what, "I18n(...)", hint)
    languages = []
    for locale in locales:
        messages, owners = load_messages([Folder(OWN, "gambrel"), *folders], locale.folders)
        if own and locale.language != source and "app" not in owners:
            asked = ", ".join(str(folder.file(locale.folders[-1])) for folder in own)
            what = f"there is no catalog for {locale.tag!r} in {', '.join(map(str, own))}"
            hint = f"gambrel i18n init {locale.folders[-1]}"
            raise GambrelError("i18n.no-catalog", what, asked, hint)
        languages.append(Language(locale, messages))
    return Languages(languages, zone)
