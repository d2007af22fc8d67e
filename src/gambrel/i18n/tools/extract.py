"""Find the texts of an app that are to be translated: in its Python files, and where others say.

A template of a catalog (`.pot`) comes out, without any tool but Babel.
"""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages import Catalog
from babel.messages.extract import extract_from_file

from gambrel.core.http.errors import GambrelError

__all__ = ["KEYWORDS", "files_below", "gather", "gather_scripts"]

KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
MODULE = "gambrel.i18n"
COMMENTS = ("Translators:",)
"""Begins a comment above a text that is meant for who translates it."""
SKIPPED = frozenset({"__pycache__", "build", "dist", "node_modules", "tests", "venv"})


def gather(folder: Path, others: Iterable[tuple[str, int, str, tuple[str | None, ...]]]) -> Catalog:
    """Return all texts below a folder, and those that others have found, with their places."""
    catalog = Catalog(charset="utf-8", header_comment="# All texts of the app.", fuzzy=False)
    for path in files_below(folder):
        place, keywords = path.relative_to(folder).as_posix(), keywords_of(path)
        for line, text, comments, context in extract_from_file(
            "python", path, keywords, COMMENTS, strip_comment_tags=True
        ):
            catalog.add(text, None, [(place, line)], auto_comments=comments, context=context)
    for file, line, function, arguments in others:
        found = message_of(function, arguments)
        if found is not None:
            text, context = found
            catalog.add(text, None, [(place_of(file, folder), line)], context=context)
    return catalog


def gather_scripts(folder: Path) -> Catalog:
    """Return all texts of the scripts below a folder."""
    catalog = Catalog(charset="utf-8", header_comment="# All texts of the scripts.", fuzzy=False)
    for path in files_below(folder, (".js", ".mjs")):
        found = extract_from_file("javascript", path, KEYWORDS, COMMENTS, strip_comment_tags=True)
        for line, text, comments, context in found:
            place = path.relative_to(folder).as_posix()
            catalog.add(text, None, [(place, line)], auto_comments=comments, context=context)
    return catalog


def files_below(folder: Path, kinds: tuple[str, ...] = (".py",)) -> Iterator[Path]:
    """Yield the files of some kinds below a folder, but for tests and what is installed there."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            is_own = path.name not in SKIPPED and not path.name.startswith(".")
            is_installed = path.is_symlink() or (path / "pyvenv.cfg").exists()
            yield from files_below(path, kinds) if is_own and not is_installed else ()
        elif path.suffix in kinds and not path.name.startswith("test_"):
            yield path


def keywords_of(path: Path) -> dict[str, Any]:
    """Return what marks a text in a file, under its other names too: `gettext as t`.

    Raises GambrelError for a file that is no Python: its texts would be lost.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        what, where = (
            f"a file cannot be read: {error}",
            f"{path}:{getattr(error, 'lineno', 0) or 0}",
        )
        raise GambrelError("i18n.source", what, where, "correct it, or move it away") from None
    imported = [
        alias
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == MODULE
        for alias in node.names
    ]
    others = {one.asname: KEYWORDS[one.name] for one in imported if one.name in KEYWORDS}
    return {**KEYWORDS, **{name: kind for name, kind in others.items() if name}}


def message_of(function: str, arguments: tuple[str | None, ...]) -> tuple[Any, str | None] | None:
    """Return text, or one and many, and the context of a call; None where they are not written."""
    has_context, has_plural = "pgettext" in function, "n" in function.replace("gettext", "")
    wanted = arguments[: 1 + has_context + has_plural]
    texts = [text for text in wanted if text]
    if len(texts) < 1 + has_context + has_plural:
        return None
    context = texts.pop(0) if has_context else None
    return (tuple(texts) if has_plural else texts[0]), context


def place_of(file: str, folder: Path) -> str:
    """Return a file relative to a folder, if it is inside."""
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
