"""Where settings come from: tables (arguments, TOML) and variables (secrets, `.env`, environment).

`Sections` asks each source for a setting and is told value and origin. This file knows no section.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from gambrel.conversion.errors import GambrelError

PREFIX = "GAMBREL_"
CORE = "core"  # the section of the app itself: its settings need not name it
_ABSENT = object()


class Found(Struct, frozen=True):
    """A value as a source has it, and where it stands; `text` has still to be converted."""

    value: object
    origin: str
    text: bool = False


class Name(Struct, frozen=True):
    """What a setting is called: its path (`core`, `debug`) and its variables, best first."""

    path: tuple[str, ...]
    variables: tuple[str, ...]

    def spellings(self) -> tuple[tuple[str, ...], ...]:
        """Return its paths in a table, where settings of the core may stand at the top."""
        return (self.path[1:], self.path) if self.path[0] == CORE else (self.path,)


class Variables(Struct, frozen=True):
    """Settings as texts with their origins, under upper-case names."""

    texts: Mapping[str, tuple[str, str]]

    def find(self, name: Name) -> Found | None:
        """Return the text of the first variable that is set."""
        texts = [self.texts[variable] for variable in name.variables if variable in self.texts]
        return Found(*texts[0], text=True) if texts else None


class Table(Struct, frozen=True):
    """Settings as nested values, with the place they come from and their lines in it."""

    values: Mapping[str, Any]
    place: str
    lines: Mapping[str, int] = field(default_factory=dict)

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
        """Return where the value at a path stands, with the line of it or of what it is in."""
        within = [".".join(path[:end]) for end in range(len(path), 0, -1)]
        line = next((self.lines[key] for key in within if key in self.lines), None)
        return self.place if line is None else f"{self.place}:{line}"

    def paths(self) -> Iterator[tuple[str, ...]]:
        """Yield the path of everything in the table, outer names first."""
        waiting: list[tuple[tuple[str, ...], Any]] = [((), self.values)]
        while waiting:
            above, value = waiting.pop(0)
            for key in value if isinstance(value, Mapping) else ():
                yield (*above, key)
                waiting.append(((*above, key), value[key]))


Source = Table | Variables


def is_ours(name: str, also: Collection[str]) -> bool:
    """Tell whether a variable may be a setting: by its prefix, or as one of the names in `also`."""
    return name.startswith(PREFIX) or name in also


def from_environment(environ: Mapping[str, str], also: Collection[str] = ()) -> Variables:
    """Return the variables of the environment."""
    return Variables({n: (text, n) for n, text in environ.items() if is_ours(n, also)})


def from_secrets(folder: Path, also: Collection[str] = ()) -> Variables:
    """Return the files of a folder such as `/run/secrets`; `gambrel_secret_key` is a variable."""
    files = {path.name.upper(): path for path in folder.glob("*") if path.is_file()}
    ours = {name: path for name, path in files.items() if is_ours(name, also)}
    return Variables({n: (path.read_text("utf-8").strip(), str(path)) for n, path in ours.items()})


_QUOTED = r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)")\s*(?:\#.*)?"""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def from_dotenv(path: Path, also: Collection[str] = ()) -> Variables:
    """Return the variables of a `.env` file: `NAME=value`, quotes and comments, no expansion.

    Raises:
        GambrelError: A line is neither an assignment, a comment nor empty.
    """
    texts: dict[str, tuple[str, str]] = {}
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith("#"):
            place = f"{path.name}:{number}"
            name, text = _assignment(line, place)
            texts[name] = (text, f"{name} at {place}")
    return Variables({name: text for name, text in texts.items() if is_ours(name, also)})


def _assignment(line: str, where: str) -> tuple[str, str]:
    name, equals, rest = line.removeprefix("export ").partition("=")
    name, rest = name.strip(), rest.strip()
    quoted = re.fullmatch(_QUOTED, rest)
    is_open = rest.startswith(("'", '"')) and not quoted
    if not equals or is_open or not re.fullmatch(r"[A-Za-z_]\w*", name):
        what = "a line of the file is not an assignment"  # not quoted: it may hold a secret
        raise GambrelError("settings.dotenv", what, where, 'write NAME=value or NAME="va lue"')
    if quoted is None:
        return name, re.split(r"\s#", f" {rest}", maxsplit=1)[0].strip()
    if quoted[1] is not None:
        return name, quoted[1]
    return name, re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), quoted[2])


def from_toml(folder: Path, file: str) -> Table | None:
    """Return the settings in a TOML file of a folder; None where there are none.

    `pyproject.toml` holds them under `[tool.gambrel]`.

    Raises:
        GambrelError: The file is not TOML.
    """
    if not (folder / file).is_file():
        return None
    import tomllib  # noqa: PLC0415 - start-up: TOML

    text = (folder / file).read_text("utf-8")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"{file} is not valid TOML: {error}"
        raise GambrelError("settings.toml", what, file, "correct the line") from None
    if file != "pyproject.toml":
        return Table(_normal(values), file, _lines(text))
    values = values.get("tool", {}).get("gambrel")
    return None if values is None else Table(_normal(values), file, _lines(text, "tool.gambrel."))


def _normal(values: Mapping[str, Any]) -> dict[str, Any]:
    """Spell keys as Python names: `max-body` is `max_body`."""
    return {
        key.replace("-", "_"): _normal(value) if isinstance(value, dict) else value
        for key, value in values.items()
    }


_KEY = r"\s*(?:\[\s*(?P<table>[^\[\]]+)\]|(?P<key>[\w\-. \"']+)=)"


def _lines(text: str, above: str = "") -> dict[str, int]:
    """Return the line of each key: tomllib does not tell, and a near guess is good enough."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(_KEY, line):
            name = re.sub(r"[\s\"']", "", match["table"] or match["key"]).replace("-", "_")
            path = name if match["table"] else table + name
            table = f"{name}." if match["table"] else table
            lines.setdefault(path.removeprefix(above), number)
    return lines
