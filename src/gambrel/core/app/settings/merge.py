"""Merging: one section after the other, each field from the first source that has it.

`Settings.load` makes one `Merge` and reads its results. Problems are collected, never raised, so
that one start shows all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from gambrel.core.app.settings.sources import PREFIX, Found, Name, Source, Table, Variables
from gambrel.core.app.settings.values import (
    Env,
    SectionField,
    example,
    fields_of,
    from_text,
    from_value,
    is_section,
    show,
)

CORE = "core"
READ_ELSEWHERE = frozenset({"GAMBREL_REQUIRE", "GAMBREL_SECRETS_DIR"})
_FAILED = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """One value as `gambrel config` lists it; secrets in `value` are masked."""

    section: str
    name: str
    annotation: Any
    value: str
    origin: str
    variable: str
    description: str


@dataclass(frozen=True, slots=True)
class SettingFault:
    """What is wrong with one setting, where its value stands, and what to type."""

    what: str
    where: str
    hint: str


class Merge:
    """The merging of sources, the strongest first, into sections."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = list(sources)
        self._names: list[Name] = []
        self.settings: list[Setting] = []
        self.faults: list[SettingFault] = []

    def section(self, kind: type, path: tuple[str, ...], default: object = None) -> Any:
        """Return a section made from what the sources have; None when it has a fault.

        `default` is the instance whose values stand for what no source has.
        """
        fields = fields_of(kind)
        values = {field.name: self._field(field, (*path, field.name), default) for field in fields}
        if any(value is _FAILED for value in values.values()):
            return None
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:
            self.faults.append(SettingFault(f"{path[0]}: {error}", kind.__qualname__, ""))
            return None

    def _field(self, field: SectionField, path: tuple[str, ...], above: object) -> Any:
        default = _FAILED if field.required else field.make_default()
        if above is not None:
            default = getattr(above, field.name)
        if is_section(field.kind):
            inner = self.section(field.kind, path, None if default is _FAILED else default)
            return _FAILED if inner is None else inner
        name = Name(path, _variables(field, path))
        self._names.append(name)
        found = self._find(name)
        if found is None and default is _FAILED:
            self._missing(field, name)
        value = default if found is None else self._convert(field, name, found)
        if value is not _FAILED:
            self.settings.append(_listed(field, name, value, found))
        return value

    def _find(self, name: Name) -> Found | None:
        return next((found for s in self._sources if (found := s.find(name)) is not None), None)

    def _convert(self, field: SectionField, name: Name, found: Found) -> Any:
        try:
            if found.text and isinstance(found.value, str):
                return from_text(found.value, field.annotation)
            return from_value(found.value, field.annotation)
        except ValueError as error:
            quoted = "" if field.is_secret else f" = {show(found.value)[:60]!r}"
            self.faults.append(
                SettingFault(
                    f"{'.'.join(name.path)}{quoted}: {error}",
                    found.origin,
                    f"for instance {name.variables[0]}={example(field)}",
                )
            )
            return _FAILED

    def _missing(self, field: SectionField, name: Name) -> None:
        table = ".".join(name.path[:-1])
        self.faults.append(
            SettingFault(
                f"{'.'.join(name.path)} has no value and no default",
                "",
                f"set {name.variables[0]}={example(field)}, "
                f"or {field.name} = ... under [{table}] in gambrel.toml",
            )
        )

    def refuse_unknown(self) -> None:
        """Find every name in a table that is no setting."""
        known = {spelling for name in self._names for spelling in name.spellings()}
        above = {path[:end] for path in known for end in range(1, len(path))}
        for table in [source for source in self._sources if isinstance(source, Table)]:
            done: set[tuple[str, ...]] = set(known)
            for path in table.paths():
                if path in above or any(path[:end] in done for end in range(1, len(path) + 1)):
                    continue
                done.add(path)
                dotted = ".".join(path)
                guess = suggest(dotted, {".".join(one) for one in known | above})
                self.faults.append(
                    SettingFault(
                        f"there is no setting {dotted!r}",
                        table.origin(path),
                        guess or "`gambrel config` lists all; or install its extension",
                    )
                )

    def unknown_variables(self) -> list[str]:
        """Return a sentence for each variable with our prefix that is no setting."""
        known = {variable for name in self._names for variable in name.variables} | READ_ELSEWHERE
        texts: Mapping[str, tuple[str, str]] = {
            name: text
            for source in self._sources
            if isinstance(source, Variables)
            for name, text in source.texts.items()
        }
        return [
            f"{texts[name][1]} is no setting{', ' * bool(guess)}{guess}"
            for name in sorted(texts.keys() - known)
            for guess in [suggest(name, known)]
        ]


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean ...?` for the nearest known name, or nothing."""
    close = get_close_matches(name, list(known), 1, 0.7)
    return f"did you mean {close[0]}?" if close else ""


def _listed(field: SectionField, name: Name, value: object, found: Found | None) -> Setting:
    section, *inner = name.path
    origin = "default" if found is None else found.origin
    variable = name.variables[0]
    return Setting(
        section, ".".join(inner), field.kind, show(value), origin, variable, field.description
    )


def _variables(field: SectionField, path: tuple[str, ...]) -> tuple[str, ...]:
    full = PREFIX + "__".join(path).upper()
    own = (PREFIX + "__".join(path[1:]).upper(),) if path[0] == CORE else ()
    return (*own, full, *(note.name for note in field.notes if isinstance(note, Env)))
