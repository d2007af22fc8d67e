"""Merging: one section after the other, each field from the first source that has it.

`Sections.load` makes one `Merge` and reads its results. Faults are collected, never raised, so
that one start shows all of them; they do not quote values, which may be secret.
"""

from collections.abc import Collection, Iterable
from typing import Any

from msgspec import Struct

from gambrel.conversion.errors import GambrelError
from gambrel.settings import values as read
from gambrel.settings.secret import Secret
from gambrel.settings.sources import CORE, PREFIX, Found, Name, Source, Table, Variables
from gambrel.settings.values import SectionField

__all__ = ["READ_ELSEWHERE", "Merge", "Setting", "suggest"]

READ_ELSEWHERE = {f"GAMBREL_{n}" for n in ("CONTROL", "REQUIRE", "SECRETS_DIR", "SHARED_FOLDER")}
_FAILED = object()


class Setting(Struct, frozen=True):
    """One value as `gambrel config` lists it; secrets in `value` are masked."""

    section: str
    name: str
    annotation: Any
    value: str
    origin: str
    variable: str
    description: str


class Merge:
    """The merging of sources, the strongest first, into sections; `searched` tells of the files."""

    def __init__(self, sources: Iterable[Source], searched: str = "") -> None:
        self._sources = list(sources)
        self._searched = searched
        self._names: list[Name] = []
        self.settings: list[Setting] = []
        self.secrets: list[Secret] = []
        self.faults: list[GambrelError] = []

    def section(self, kind: type, path: tuple[str, ...], default: object = None) -> Any:
        """Return a section made from what the sources have; None when it has a fault.

        `default` is the instance whose values stand for what no source has.
        """
        fields = read.fields_of(kind)
        values = {field.name: self._field(field, (*path, field.name), default) for field in fields}
        if any(value is _FAILED for value in values.values()):
            return None
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:
            self._refuse(f"{'.'.join(path)}: {error}", kind.__qualname__, "correct its settings")
            return None

    def _field(self, field: SectionField, path: tuple[str, ...], above: object) -> Any:
        default = _FAILED if field.make_default is None else field.make_default()
        if above is not None:
            default = getattr(above, field.name)
        if read.is_section(field.kind):
            inner = self.section(field.kind, path, None if default is _FAILED else default)
            return _FAILED if inner is None else inner
        name = Name(path, _variables(field, path))
        self._names.append(name)
        found = next((f for s in self._sources if (f := s.find(name)) is not None), None)
        value = default if found is None else self._convert(field, name, found)
        if value is not _FAILED:
            self._keep(field, name, value, "default" if found is None else found.origin)
        elif found is None:
            table = f"{field.name} = ... under [{'.'.join(path[:-1])}] in gambrel.toml"
            hint = f"set {name.variables[0]}, or {table}"
            self._refuse(f"{'.'.join(path)} has no value and no default", self._searched, hint)
        return value

    def _convert(self, field: SectionField, name: Name, found: Found) -> Any:
        try:
            if found.text and isinstance(found.value, str):
                return read.from_text(found.value, field.annotation)
            return read.from_value(found.value, field.annotation)
        except ValueError as error:
            hint = "correct it" if found.text else f"correct it, or set {name.variables[0]}"
            self._refuse(f"{'.'.join(name.path)}: {error}", found.origin, hint)
            return _FAILED

    def _keep(self, field: SectionField, name: Name, value: object, origin: str) -> None:
        section, *inner = name.path
        shown, variable = read.show(value), ", ".join([name.variables[0], *field.aliases])
        listed = (section, ".".join(inner), field.kind, shown, origin, variable, field.description)
        self.settings.append(Setting(*listed))
        self.secrets += read.secrets_in(value)

    def _refuse(self, what: str, where: str, hint: str) -> None:
        for secret in filter(None, self.secrets):  # what a section says of itself may quote one
            what = what.replace(secret.reveal(), "***")
        what = read.show(what)
        self.faults.append(GambrelError("settings.invalid", what, where, hint))

    def refuse_unknown(self) -> None:
        """Find every name in a table that is no setting; only the outermost of nested ones."""
        known = {spelling for name in self._names for spelling in name.spellings()}
        above = {path[:end] for path in known for end in range(len(path))}
        for table in [source for source in self._sources if isinstance(source, Table)]:
            for path in table.paths():
                if path not in known | above and path[:-1] in above:
                    guess = suggest(".".join(path), [*map(".".join, known | above)])
                    hint = guess.strip("()") or "`gambrel config` lists all; or add its extension"
                    what = f"there is no setting {'.'.join(path)!r}"
                    self._refuse(what, table.origin(path), hint)

    def unknown_variables(self) -> list[str]:
        """Return a sentence for each variable with our prefix that is no setting."""
        known = {variable for name in self._names for variable in name.variables} | READ_ELSEWHERE
        layers = [source.texts for source in self._sources if isinstance(source, Variables)]
        origins = {name: layer[name][1] for layer in layers for name in layer.keys() - known}
        return [
            f"{origin} is no setting {suggest(name, known)}".rstrip()
            for name, origin in sorted(origins.items())
        ]


def suggest(name: str, known: Collection[str]) -> str:
    """Return `(did you mean ...?)` for the nearest known name, or nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - start-up: mistakes

    inner = [one for one in known if get_close_matches(name, [one.rpartition(".")[2]], 1, 0.7)]
    close = get_close_matches(name, known, 1, 0.7) or inner
    return f"(did you mean {close[0]}?)" if close else ""


def _variables(field: SectionField, path: tuple[str, ...]) -> tuple[str, ...]:
    full = PREFIX + "__".join(path).upper()
    own = (PREFIX + "__".join(path[1:]).upper(),) if path[0] == CORE else ()
    return (*own, full, *field.aliases)
