"""`Sections`: the settings of one app, section by section, loaded from every source.

The app declares its sections, loads once at build and hands `app.settings` to everybody. Later
sources win: defaults, arguments, TOML, secrets folder, `.env`, environment, overrides of a test.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gambrel.conversion.errors import GambrelError
from gambrel.settings import sources as read
from gambrel.settings.merge import Merge, Setting, suggest
from gambrel.settings.secret import Secret
from gambrel.settings.sources import CORE, Name, Source, Table
from gambrel.settings.values import aliases_of, is_section, to_table

__all__ = ["Sections"]

T = TypeVar("T")
_NEW_APP = "make a new app for each test, `app = make_app()`, and override before it is built"


class Sections:
    """Sections of settings, by name (`settings.blog`) or type (`settings[BlogSettings]`).

    `root` is the folder of `gambrel.toml` and `.env`; `environ` stands for `os.environ`.
    """

    def __init__(self, root: Path | None = None, environ: Mapping[str, str] | None = None) -> None:
        self.root = root or Path.cwd()
        self._environ = os.environ if environ is None else environ
        self._types: dict[str, type] = {}
        self._arguments: list[Source] = []
        self._overrides: list[Source] = []
        self._sections: dict[str, Any] = {}
        self._is_over = False
        self._merge = Merge(())

    def declare(self, name: str, section: Any, where: str = "") -> None:
        """Add a section: a dataclass or Struct type, or an instance of one that holds arguments.

        Raises:
            GambrelError: The name is taken or no identifier, or the type is neither.
        """
        kind = section if isinstance(section, type) else type(section)
        if name in self._types or hasattr(type(self), name) or not name.isidentifier():
            what = f"a settings section cannot be called {name!r}: it is taken or no name"
            raise GambrelError("settings.section-name", what, where, "rename the extension")
        if not is_section(kind):
            what = f"the settings of {name!r} are a {kind.__qualname__}"
            hint = "make it a dataclass or a msgspec.Struct"
            raise GambrelError("settings.section-type", what, where, hint)
        self._types[name] = kind
        if section is not kind:
            self.give({name: section}, where)

    def give(self, values: Mapping[str, Any], where: str) -> None:
        """Add constructor arguments: core settings, and sections as mappings or instances."""
        self._arguments.append(Table(to_table(values), where))

    def load(self) -> None:
        """Read the sources and make the sections; again after a declaration.

        Raises:
            GambrelError: Everything that is wrong with the settings, in one list.
        """
        searched = f"looked in the environment, and for .env and gambrel.toml in {self.root}"
        merge = Merge(self._sources(), searched)
        sections = {name: merge.section(kind, (name,)) for name, kind in self._types.items()}
        merge.refuse_unknown()
        if merge.faults:
            raise _invalid(merge.faults)
        self._merge = merge
        self._sections = sections
        vars(self).update(sections)

    @property
    def unknown(self) -> list[str]:
        """A sentence for each variable that looks like a setting and is none."""
        return self._merge.unknown_variables()

    def describe(self) -> list[Setting]:
        """Return every setting with its value and origin; secrets are masked."""
        return list(self._merge.settings)

    def secrets(self) -> list[Secret]:
        """Return every secret in the settings, for who must keep them out of a log."""
        return list(self._merge.secrets)

    @contextmanager
    def override(self, **values: Any) -> Iterator[None]:
        """Set values for a time, above all sources: `override(debug=True, blog={"page": 5})`.

        For tests. An app is built once, from the settings of that moment: override them before,
        and make another app for other settings.

        Raises:
            GambrelError: The settings are loaded already.
        """
        if self._sections:
            what = "settings are overridden after the app was built from others"
            raise GambrelError("settings.override", what, hint=_NEW_APP)
        table = Table(to_table(values), "override")
        self._overrides.append(table)
        try:
            yield
        finally:
            self._overrides.remove(table)
            self._is_over = bool(self._sections)

    def check_current(self) -> None:
        """Raise GambrelError where what was loaded holds values of an override that is over."""
        if self._is_over:
            what = "the app was built from settings that were overridden, and no longer are"
            raise GambrelError("settings.override", what, hint=_NEW_APP)

    def __getitem__(self, kind: type[T]) -> T:
        for section in self:
            if type(section) is kind:
                found: T = section
                return found
        raise KeyError(f"no settings section is a {kind.__qualname__}")

    def __iter__(self) -> Iterator[Any]:
        """Iterate the sections themselves."""
        return iter(self._sections.values())

    def __getattr__(self, name: str) -> Any:
        sections: dict[str, Any] = vars(self).get("_sections", {})
        if name.startswith("_") or sections:
            raise AttributeError(f"there are no settings {name!r}; {suggest(name, sections)}")
        raise AttributeError(f"settings.{name} is read before the build has loaded the settings")

    def _sources(self) -> list[Source]:
        """Return all sources, the strongest first."""
        folder = self._environ.get("GAMBREL_SECRETS_DIR") or self._environ.get(
            "CREDENTIALS_DIRECTORY", "/run/secrets"
        )
        also = {name for kind in self._types.values() for name in aliases_of(kind)}
        above: list[Source] = [
            *self._overrides[::-1],
            read.from_environment(self._environ, also),
            read.from_dotenv(self.root / ".env", also),
            read.from_secrets(Path(folder), also),
        ]
        files = (read.from_toml(self.root, name) for name in ("gambrel.toml", "pyproject.toml"))
        main = next((table for table in files if table is not None), None)
        below: list[Source] = [*([main] if main else []), *self._arguments[::-1]]
        overlay = self._overlay([*above, *below])
        return [*above, *([overlay] if overlay else []), *below]

    def _overlay(self, sources: list[Source]) -> Table | None:
        """Return `gambrel.<environment>.toml`, which stands over `gambrel.toml`."""
        name = Name((CORE, "environment"), ("GAMBREL_ENVIRONMENT", "GAMBREL_CORE__ENVIRONMENT"))
        found = next((f for s in sources if (f := s.find(name)) is not None), None)
        environment = str(found.value) if found else "development"
        if not environment.isidentifier():  # it must not lead to another folder
            return None
        return read.from_toml(self.root, f"gambrel.{environment}.toml")


def _invalid(faults: list[GambrelError]) -> GambrelError:
    if len(faults) == 1:
        return faults[0]
    lines = [f"\n  - {f.what} [{f.where or 'nowhere'}]: {f.hint}" for f in faults]
    what = f"{len(faults)} settings cannot be used:{''.join(lines)}"
    return GambrelError("settings.invalid", what, hint="`gambrel config` lists every setting")
