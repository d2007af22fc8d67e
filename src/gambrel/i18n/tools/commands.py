"""`gambrel i18n extract|init|update|compile|check`: catalogs, from the command line."""

import re
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import write_po

from gambrel.checks import Level, Problem
from gambrel.core.http.errors import GambrelError
from gambrel.i18n.catalogs import Folder, read_catalog
from gambrel.i18n.locales import Locale, parse_locale
from gambrel.i18n.tools.spreadsheets import read_table, write_table

__all__ = ["Workshop", "i18n_command"]

_NOISE = re.compile(
    rb'(?m)^"(POT-Creation|Generated-By|.*(PROJECT VERSION|EMAIL@ADDRESS|YEAR-MO|@li\.org)).*\n'
)
"""Lines of a head that nobody has filled in, or that differ each time."""


class Workshop:
    """Where the catalogs of an app are made: in the first of its folders.

    `gather(app)` finds the texts, `inspect(app)` the problems.
    """

    def __init__(
        self,
        folders: list[Folder],
        gather: Callable[[Any], dict[str, Catalog]],
        inspect: Callable[[Any], Iterator[Problem]],
    ) -> None:
        self.folders = folders
        self.gather = gather
        self.inspect = inspect

    @property
    def folder(self) -> Folder:
        """The folder of the app. Raises GambrelError where it has none."""
        if not self.folders:
            what, hint = "this app has no folder of catalogs", 'name one: I18n(folders=["locales"])'
            raise GambrelError("i18n.no-folder", what, "I18n(...)", hint)
        return self.folders[0]

    def extract(self, app: Any, _locales: list[Locale]) -> None:
        """Write the template of all catalogs."""
        for domain, catalog in self.gather(app).items():
            write(self.folder.path / f"{domain}.pot", catalog)

    def init(self, app: Any, locales: list[Locale]) -> None:
        """Make the catalogs of languages. Raises GambrelError where there is one."""
        if not locales:
            raise GambrelError("i18n.locale", "no language was named", "", "gambrel i18n init de")
        templates = self.gather(app)
        for locale in locales:
            file = self.folder.file(locale.folders[-1])
            if file.exists():
                what, hint = f"{file} is there already", "gambrel i18n update"
                raise GambrelError("i18n.catalog", what, "", hint)
            for domain, template in templates.items():
                new = Catalog(**head_of(locale))
                write(file.with_stem(domain), self.updated(new, template))

    def update(self, app: Any, locales: list[Locale]) -> None:
        """Bring the catalogs up to date: what is new is added, what is gone kept as obsolete."""
        templates = self.gather(app)
        for main in self.files(locales):
            locale = parse_locale(main.parents[1].name)
            for domain, template in templates.items():
                file = main.with_stem(domain)
                new = Catalog(**head_of(locale))
                catalog = read_catalog(file, locale.folders[-1]) if file.exists() else new
                write(file, self.updated(catalog, template))

    def updated(self, catalog: Catalog, template: Catalog) -> Catalog:
        """Return a catalog with the messages of a template; nothing is guessed."""
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalog.fuzzy = False
        return catalog

    def compile(self, _app: Any, locales: list[Locale]) -> None:
        """Write a `.mo` beside each catalog, which saves time at the start."""
        for file in (one for main in self.files(locales) for one in main.parent.glob("*.po")):
            target = file.with_suffix(".mo")
            part = target.with_suffix(".part")
            with part.open("wb") as stream:
                write_mo(stream, read_catalog(file))
            part.replace(target)
            say(f"{target}")

    def export(self, _app: Any, locales: list[Locale]) -> None:
        """Write a table beside each catalog, for spreadsheets."""
        for file in self.files(locales):
            write_table(file.with_suffix(".csv"), read_catalog(file, file.parents[1].name))
            say(f"{file.with_suffix('.csv')}")

    def take(self, _app: Any, locales: list[Locale]) -> None:
        """Take the translations of the tables into their catalogs. Raises GambrelError."""
        for file in self.files(locales):
            table = file.with_suffix(".csv")
            if locales or table.is_file():
                catalog = read_catalog(file, file.parents[1].name)
                say(f"{table}: {read_table(table, catalog)} new translations")
                write(file, catalog)

    def files(self, locales: list[Locale]) -> list[Path]:
        """Return the catalogs of some languages, or all. Raises GambrelError for one without."""
        path = self.folder.path
        if not locales:
            return sorted(path.glob("*/LC_MESSAGES/messages.po"))
        files = [self.folder.file(locale.folders[-1]) for locale in locales]
        for file, locale in zip(files, locales, strict=True):
            if not file.is_file():
                what, hint = f"there is no {file}", f"gambrel i18n init {locale}"
                raise GambrelError("i18n.no-catalog", what, "", hint)
        return files

    def check(self, app: Any, _locales: list[Locale]) -> None:
        """Say what is wrong, and end with 1 if it is."""
        problems = list(self.inspect(app))
        for problem in problems:
            say(f"{problem.level.name.lower()} [{problem.id}] {problem.message}")
            say(f"  where: {problem.where}")
            say(f"  hint: {problem.hint}")
        say(f"{len(problems)} problems" if problems else "nothing is wrong with the catalogs")
        if any(problem.level >= Level.ERROR for problem in problems):
            sys.exit(1)


def i18n_command(workshop: Workshop) -> Callable[..., None]:
    """Return the command."""

    def i18n(  # type: ignore[no-untyped-def]  # what has no annotation is the app
        action: Literal["extract", "init", "update", "compile", "check", "export", "import"],
        *locales: str,
        app,  # of any kind
    ) -> None:
        """Collect texts into `messages.pot`; begin, update, compile or check catalogs.

        `gambrel i18n init de ar` begins two languages, `gambrel i18n update` adds what is new to
        all. Nothing has to be compiled: an app reads its catalogs as they are. `export` writes a
        table beside each catalog for spreadsheets, `import` takes what was translated there.
        """
        wanted = [parse_locale(tag) for tag in locales]
        getattr(workshop, "take" if action == "import" else action)(app, wanted)

    return i18n


def head_of(locale: Locale) -> dict[str, Any]:
    """Return what the header of a new catalog says."""
    return {
        "locale": locale.folders[-1],
        "charset": "utf-8",
        "header_comment": f"# {locale.data.english_name}",
        "fuzzy": False,
    }


def write(file: Path, catalog: Catalog) -> None:
    """Write a catalog, unless nothing has changed."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=100, sort_by_file=True)
    text = _NOISE.sub(b"", buffer.getvalue())
    is_same = file.is_file() and file.read_bytes() == text
    if not is_same:
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(text)
        part.replace(file)
    count = sum(1 for message in catalog if message.id)
    say(f"{file}: {count} messages{', as before' * is_same}")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
