"""What is wrong with catalogs: what `gambrel check` and `gambrel i18n check` say."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message

from gambrel.checks import Level, Problem
from gambrel.core.http.errors import GambrelError
from gambrel.i18n.catalogs import DOMAIN, WIDTH, Folder, forms_of, read_catalog
from gambrel.i18n.locales import Locale

__all__ = ["problems_in", "problems_of"]

_VALUE = re.compile(r"%\((\w+)\)[-#0 +]*[0-9.]*[a-zA-Z]")
_TAG = re.compile(r"<[^<>]*>")
NUMBERS = frozenset({"num", "number", "count", "n"})
"""Values that a form for one, two or nothing may leave out: "one guest"."""


def problems_of(
    locales: Iterable[Locale],
    source: str,
    folders: Iterable[Folder],
    template: Catalog | None,
    domain: str = DOMAIN,
) -> Iterator[Problem]:
    """Yield what is wrong with the catalogs of an app, and what they lack of a template."""
    for folder in folders:
        for locale in locales:
            file = next(files_of(folder, locale, domain), None)
            if file is not None:
                yield from problems_in_file(file, locale, template)
            elif locale.language != source:
                what = f"there is no catalog {domain!r} for {locale}"
                hint = f"gambrel i18n init {locale}"
                yield Problem("i18n.no-catalog", what, hint, str(folder))


def files_of(folder: Folder, locale: Locale, domain: str) -> Iterator[Path]:
    """Yield the catalogs of a language, the narrowest first."""
    for name in reversed(locale.folders):
        file = folder.file(name, domain)
        if file.is_file():
            yield file


def problems_in_file(file: Path, locale: Locale, template: Catalog | None) -> Iterator[Problem]:
    """Yield what is wrong with a file."""
    try:
        catalog = read_catalog(file)
    except GambrelError as error:
        yield Problem(error.code, error.what, error.hint, error.where)
        return
    yield from problems_in(catalog, str(file), locale)
    if template is not None:
        yield from lacking(catalog, template, str(file))


def problems_in(catalog: Catalog, where: str, locale: Locale) -> Iterator[Problem]:
    """Yield what is wrong with a catalog of a language."""
    wanted = Catalog(locale=str(locale).replace("-", "_")).num_plurals
    if catalog.num_plurals != wanted:
        what = f"its Plural-Forms say nplurals={catalog.num_plurals}; {locale} has {wanted} forms"
        yield Problem("i18n.plural", what, "`gambrel i18n update` writes the header", where)
    open_ones = 0
    for message in catalog:
        if not message.id:
            continue
        forms = forms_of(message)
        if message.fuzzy or not all(forms):
            open_ones += 1
        else:
            place = f"{where}:{message.lineno}"
            yield from problems_in_message(message, forms, place, catalog.num_plurals)
    if open_ones:
        what = f"{open_ones} messages of {locale} have no translation"
        yield Problem("i18n.untranslated", what, "translate them", where, level=Level.INFO)


def problems_in_message(
    message: Message, forms: Sequence[str], where: str, count: int
) -> Iterator[Problem]:
    """Yield what is wrong with a translation."""
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    if len(sources) > 1 and len(forms) != count:
        what = f"{sources[0]!r} has {len(forms)} forms, and not {count}"
        yield Problem("i18n.plural", what, "give it one text for each form", where)
    known = {name for source in sources for name in _VALUE.findall(source)}
    needed = known - NUMBERS if len(sources) > 1 else known
    tags = {tag for source in sources for tag in _TAG.findall(source)}
    for form in forms:
        names = set(_VALUE.findall(form))
        for name in sorted(needed - names):
            what, hint = f"{form!r} leaves out %({name})s", f"it is in {sources[0]!r}"
            yield Problem("i18n.placeholder", what, hint, where)
        for name in sorted(names - known):
            what = f"{form!r} has %({name})s, which nobody gives"
            hint = f"{sources[0]!r} has {', '.join(sorted(known)) or 'no values'}"
            yield Problem("i18n.placeholder", what, hint, where)
        if known and names <= known and not can_be_filled(form, known):
            what, hint = f"{form!r} cannot be filled in", "write %(name)s, and %% for a percent"
            yield Problem("i18n.placeholder", what, hint, where)
        for tag in sorted({tag for tag in _TAG.findall(form) if tag not in tags}):
            what = f"{form!r} has {tag}, which the original has not: it is shown as text"
            yield Problem("i18n.markup", what, "leave it out", where, level=Level.WARNING)


def can_be_filled(form: str, names: Iterable[str]) -> bool:
    """Whether values can be put into a text, and none is made wide."""
    if WIDTH.search(form):
        return False
    try:
        return bool(form % dict.fromkeys(names, 0) or True)
    except (ValueError, TypeError, KeyError):
        return False


def lacking(catalog: Catalog, template: Catalog, where: str) -> Iterator[Problem]:
    """Yield that a catalog does not have what the app says."""
    keys = {key(message) for message in catalog}
    new = [message for message in template if message.id and key(message) not in keys]
    if new:
        first = new[0].id if isinstance(new[0].id, str) else new[0].id[0]
        what = f"{len(new)} messages of the app are not in it, such as {first!r}"
        yield Problem("i18n.stale", what, "gambrel i18n update", where, level=Level.WARNING)


def key(message: Message) -> tuple[Any, str | None]:
    """Return what tells a message from others."""
    return (message.id if isinstance(message.id, str) else message.id[0]), message.context
