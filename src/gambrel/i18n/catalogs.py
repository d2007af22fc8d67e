"""Catalogs of messages: found in folders, read from `.po` or `.mo`, and joined into one table.

A folder is as gettext has it: `de/LC_MESSAGES/messages.po`. A `.mo` beside it is taken where it is
not older; without one nothing is lost, and nobody has to compile. Called once, as an app starts.
"""

import gettext
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import PoFileError, read_po
from msgspec import Struct, field

from gambrel.core.http.errors import GambrelError

__all__ = [
    "DOMAIN",
    "OWN",
    "SCRIPTS",
    "WIDTH",
    "Folder",
    "Messages",
    "find_files",
    "forms_of",
    "key_of",
    "load_messages",
    "read_catalog",
]

OWN = Path(__file__).with_name("locales")
"""The framework's own texts."""
DOMAIN = "messages"
SCRIPTS = "scripts"
"""Catalogs of what scripts in the browser say."""
WIDTH = re.compile(r"%\(\w+\)[^a-zA-Z%]*[0-9]{3}")
"""A value that would be made hundreds of characters wide, or a billion."""
_LINE = re.compile(rb'(?:msg\w+(?:\[\d+\])?\s+)?"(?:[^"\\]|\\.)*"')
"""What a line is that is no comment: perhaps a keyword, and a text in quotes."""
_TRIED = 200
"""For how many numbers a rule of plurals is tried: the last two digits decide in all languages."""
Plural = Callable[[int], int]
Forms = tuple[tuple[str, ...], Plural]


class Folder(Struct, frozen=True):
    """A folder of catalogs, and who brought it along (`app` for the app)."""

    path: Path
    by: str

    def file(self, name: str, domain: str = DOMAIN) -> Path:
        """Return the place of the catalog of a language, as `pt_BR`."""
        return self.path / name / "LC_MESSAGES" / f"{domain}.po"

    def __str__(self) -> str:
        return str(self.path)


class Messages(Struct):
    """What a language has: texts by their keys, and texts with forms for numbers."""

    texts: dict[str, str] = field(default_factory=dict)
    forms: dict[str, Forms] = field(default_factory=dict)

    def add(self, catalog: Catalog, where: str) -> None:
        """Take what a catalog has; it goes before what is here. Raises GambrelError."""
        plural = plural_of(catalog, where)
        for message in catalog:
            given = message.string
            if not message.id or message.fuzzy or WIDTH.search(str(given)):
                continue
            if isinstance(message.id, str):
                if given:
                    self.texts[key_of(message.id, message.context or "")] = str(given)
            elif given and all(given):
                key = key_of(message.id[0], message.context or "")
                self.forms[key] = tuple(given), plural


def key_of(message: str, context: str) -> str:
    """Return the key of a message, as gettext makes it."""
    return f"{context}\x04{message}" if context else message


def plural_of(catalog: Catalog, where: str) -> Plural:
    """Return what chooses the form for a number. Raises GambrelError for a header that is none."""
    try:
        choose = gettext.c2py(catalog.plural_expr)
        wrong = [n for n in range(_TRIED) if not 0 <= choose(n) < catalog.num_plurals]
    except (ValueError, ArithmeticError) as error:
        what, hint = f"its Plural-Forms cannot be read: {error}", "`gambrel i18n update` writes it"
        raise GambrelError("i18n.catalog", what, where, hint) from None
    if wrong:
        what = f"its Plural-Forms have nplurals={catalog.num_plurals}, and no form for {wrong[0]}"
        raise GambrelError("i18n.catalog", what, where, "`gambrel i18n update` writes it")
    return lambda number: int(choose(number))


def find_files(
    folders: Iterable[Folder], names: Iterable[str], domain: str = DOMAIN
) -> Iterator[tuple[Folder, Path]]:
    """Yield the files for a language, of which `names` are the ways to write it.

    What comes later goes before what comes first.
    """
    for folder in folders:
        for name in names:
            po = folder.file(name, domain)
            mo = po.with_suffix(".mo")
            if mo.is_file() and not (po.is_file() and is_newer(po, mo)):
                yield folder, mo
            elif po.is_file():
                yield folder, po


def is_newer(one: Path, other: Path) -> bool:
    """Whether a file was changed after another."""
    return one.stat().st_mtime_ns > other.stat().st_mtime_ns


def load_messages(
    folders: Iterable[Folder], names: Iterable[str], domain: str = DOMAIN
) -> tuple[Messages, set[str]]:
    """Return all messages of a language, and who has brought some. Raises GambrelError."""
    messages, owners = Messages(), set()
    for folder, file in find_files(folders, list(names), domain):
        messages.add(read_catalog(file), str(file))
        owners.add(folder.by)
    return messages, owners


def read_catalog(file: Path, locale: Any = None) -> Catalog:
    """Return a catalog. Raises GambrelError with file and line for one that is broken."""
    try:
        with file.open("rb") as stream:
            if file.suffix == ".mo":
                return read_mo(stream)
            lines = stream.readlines()
        catalog = read_po(lines, locale=locale, domain=DOMAIN, abort_invalid=True)
    except PoFileError as error:
        what = f"a catalog cannot be read: {str(error).rpartition(' on ')[0]}: {error.line.strip()}"
        raise broken(what, f"{file}:{error.lineno + 1}") from None
    except (ValueError, LookupError, OSError, struct.error, AttributeError) as error:
        what = f"a catalog cannot be read: {str(error) or type(error).__name__}"
        raise broken(what, str(file)) from None
    check_lines(lines, file)
    header = (n for n, line in enumerate(lines, 1) if b"Plural-Forms" in line)
    plural_of(catalog, f"{file}:{next(header, 1)}")
    return catalog


def check_lines(lines: Iterable[bytes], file: Path) -> None:
    """Raise GambrelError for a text without its quotes: Babel takes it, less two letters."""
    for number, line in enumerate(map(bytes.strip, lines), 1):
        if line and not line.startswith(b"#") and _LINE.fullmatch(line) is None:
            text = line.decode("utf-8", "replace")
            what = f"a catalog cannot be read: a text is not in quotes: {text}"
            raise broken(what, f"{file}:{number}")


def broken(what: str, where: str) -> GambrelError:
    """Return the error of a catalog that is none."""
    return GambrelError("i18n.catalog", what, where, "correct it: `msgid` and `msgstr`, in UTF-8")


def forms_of(message: Message) -> tuple[str, ...]:
    """Return the translations of a message, one for each form."""
    given = message.string
    return (given,) if isinstance(given, str) else tuple(given or ())
