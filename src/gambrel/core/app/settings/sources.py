"""Where settings come from: tables (arguments, TOML) and variables (secrets, `.env`, environment).

`Settings` asks each source for a setting and is told value and origin. This file knows no section.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gambrel.core.http.errors import GambrelError

PREFIX = "GAMBREL_"


@dataclass(frozen=True, slots=True)
class Found:
    """A value as a source has it, and where it stands; `text` has still to be converted."""

    value: object
    origin: str
    text: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """What a setting is called: its path (`core`, `debug`) and its variables, best first."""

    path: tuple[str, ...]
    variables: tuple[str, ...]

    def spellings(self) -> tuple[tuple[str, ...], ...]:
        """Return its paths in a table, where settings of the core may stand at the top."""
        return (self.path[1:], self.path) if self.path[0] == "core" else (self.path,)


class Source(Protocol):
    """One layer of settings."""

    def find(self, name: Name) -> Found | None:
        """Return the value of a setting, or None."""


class Variables:
    """Settings as text under upper-case names."""

    def __init__(self, texts: Mapping[str, tuple[str, str]]) -> None:
        self.texts = texts

    def find(self, name: Name) -> Found | None:
        """Return the text of the first variable that is set."""
        for variable in name.variables:
            if variable in self.texts:
                text, origin = self.texts[variable]
                return Found(text, origin, text=True)
        return None


class Table:
    """Settings as nested values; those of the core stand at the top."""

    def __init__(self, values: Mapping[str, Any], origin: str, lines: Mapping[str, int]) -> None:
        self.values = values
        self._origin = origin
        self._lines = lines

    def find(self, name: Name) -> Found | None:
        """Return the value at the path of the setting."""
        for path in name.spellings():
            value: Any = self.values
            for part in path:
                value = value.get(part, _ABSENT) if isinstance(value, Mapping) else _ABSENT
            if value is not _ABSENT:
                return Found(value, self.origin(path))
        return None

    def origin(self, path: tuple[str, ...]) -> str:
        """Return the file and line, or the place, where the value at a path stands."""
        for end in range(len(path), 0, -1):
            line = self._lines.get(".".join(path[:end]))
            if line is not None:
                return f"{self._origin}:{line}"
        return self._origin

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield the path of everything in the table, outer names first."""
        yield from _paths(self.values, ())


_ABSENT = object()


def _paths(values: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        path = (*above, key)
        yield path
        if isinstance(value, Mapping):
            yield from _paths(value, path)


def from_arguments(values: Mapping[str, Any], origin: str) -> Table:
    """Return a table of values given in code; `origin` says where."""
    return Table(values, origin, {})


def from_environment(environ: Mapping[str, str]) -> Variables:
    """Return the variables of the environment."""
    return Variables({name: (text, name) for name, text in environ.items() if _ours(name)})


def from_secrets(folder: Path) -> Variables:
    """Return the files of a folder such as `/run/secrets`; `gambrel_secret_key` is a variable."""
    texts: dict[str, tuple[str, str]] = {}
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if _ours(path.name.upper()) and path.is_file():
                texts[path.name.upper()] = (path.read_text("utf-8").strip(), str(path))
    return Variables(texts)


def _ours(name: str) -> bool:
    return name.startswith(PREFIX)


def from_dotenv(path: Path, shown: str = ".env") -> Variables:
    """Return the variables of a `.env` file: `NAME=value`, quotes and comments, no expansion.

    Raises:
        GambrelError: A line is neither an assignment, a comment nor empty.
    """
    texts: dict[str, tuple[str, str]] = {}
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, text = _parse_assignment(line, f"{shown}:{number}")
        if _ours(name):
            texts[name] = (text, f"{name} at {shown}:{number}")
    return Variables(texts)


def _parse_assignment(line: str, where: str) -> tuple[str, str]:
    name, equals, rest = line.strip().removeprefix("export ").partition("=")
    name, rest = name.strip(), rest.strip()
    if equals and re.fullmatch(r"[A-Za-z_]\w*", name):
        if rest[:1] not in {"'", '"'}:
            return name, re.split(r"\s#", f" {rest}", maxsplit=1)[0].strip()
        quote = rest[0]
        end = re.match(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", rest)
        if end and re.fullmatch(r"\s*(#.*)?", rest[end.end() :]):
            inner = rest[1 : end.end() - 1]
            return name, inner if quote == "'" else re.sub(r"\\(.)", _unescape, inner)
    raise GambrelError(
        "settings.dotenv",
        "a line of the file is not an assignment",  # not quoted: it may hold a secret
        where,
        'write NAME=value, NAME="va lue" or # a comment',
    )


def _unescape(match: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1])


def from_toml(folder: Path, file: str) -> Table | None:
    """Return the settings in a TOML file of a folder; None where there are none.

    `pyproject.toml` holds them under `[tool.gambrel]`.

    Raises:
        GambrelError: The file is not TOML.
    """
    path = folder / file
    if not path.is_file():
        return None
    text = path.read_text("utf-8")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GambrelError(
            "settings.toml", f"{file} is not valid TOML: {error}", file, "correct the line"
        ) from None
    above = ""
    if file == "pyproject.toml":
        values = values.get("tool", {}).get("gambrel")
        above = "tool.gambrel."
        if values is None:
            return None
    return Table(_normal(values), file, _lines(text, above))


def _normal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Spell keys as Python names: `max-body` is `max_body`."""
    return {
        key.replace("-", "_"): _normal(value) if isinstance(value, dict) else value
        for key, value in values.items()
    }


_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w\-. \"']+?)\s*=")


def _lines(text: str, above: str) -> dict[str, int]:
    """Return the line of each key: tomllib does not tell, and a near guess is good enough."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = f"{_plain(header[1])}."
            lines.setdefault(table[:-1].removeprefix(above), number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}{_plain(key[1])}".removeprefix(above), number)
    return lines


def _plain(key: str) -> str:
    return re.sub(r"[\s\"']", "", key).replace("-", "_")
