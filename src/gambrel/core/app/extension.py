"""Extensions: the shape of one, and the order in which an app installs them.

The app's build calls `order_extensions` once. Nothing here imports an extension or knows its parts.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from gambrel.core.app.setup import Setup
from gambrel.core.http.errors import GambrelError


@runtime_checkable
class Extension(Protocol):
    """Anything that adds to an app; a battery and an extension of your own look the same.

    `settings` is a dataclass or msgspec Struct (or an instance of one, which then holds the
    constructor's arguments) and becomes `app.settings.<name>`; `None` when there are none.
    `install` declares and does no input or output.
    """

    @property
    def name(self) -> str:
        """The unique name: its settings section, and how others require it."""
        ...

    @property
    def requires(self) -> tuple[str, ...]:
        """The names of the extensions that must be installed before."""
        ...

    @property
    def settings(self) -> Any:
        """The type of its settings section, an instance of it, or None."""

    def install(self, setup: Setup) -> None:
        """Declare everything the extension adds."""


def order_extensions(
    extensions: Sequence[Extension], defaults: Sequence[Extension] = ()
) -> list[Extension]:
    """Return the extensions to install: requirements first, otherwise in the given order.

    `defaults` come before `extensions`; one of the latter replaces the default of its name.

    Raises:
        GambrelError: A name is given twice, or a requirement is missing or circular; the message
            names the chain.
    """
    own = _by_name(extensions)
    named = {name: one for name, one in _by_name(defaults).items() if name not in own} | own
    ordered: dict[str, Extension] = {}
    for name in named:
        _visit(name, named, ordered, ())
    return list(ordered.values())


def _by_name(extensions: Iterable[object]) -> dict[str, Extension]:
    named: dict[str, Extension] = {}
    for extension in extensions:
        if isinstance(extension, type) or not isinstance(extension, Extension):
            hint = "give an object with name, requires, settings and install(setup); call the class"
            what = f"{extension!r} is not an extension"
            raise GambrelError("extension.shape", what, "App(extensions=[...])", hint)
        if extension.name in named:
            types = f"{type(named[extension.name]).__qualname__}, {type(extension).__qualname__}"
            what = f"the extension {extension.name!r} is installed twice"
            hint = "remove one from App(extensions=[...])"
            raise GambrelError("extension.twice", what, types, hint)
        named[extension.name] = extension
    return named


def _visit(
    name: str, named: dict[str, Extension], ordered: dict[str, Extension], chain: tuple[str, ...]
) -> None:
    if name in ordered:
        return
    shown = " -> ".join([*chain, name])
    if name in chain:
        hint = f"remove {name!r} from requires of {chain[-1]!r}"
        raise GambrelError("extension.circle", "extensions require each other", shown, hint)
    if name not in named:
        from difflib import get_close_matches  # noqa: PLC0415 - start-up: mistakes

        close = get_close_matches(name, named, 1)
        guess = f" (did you mean {close[0]!r}?)" if close else ""
        what = f"{chain[-1]!r} requires the extension {name!r}, which is not installed{guess}"
        hint = f"add {name!r} to App(extensions=[...]), or remove {chain[-1]!r}"
        raise GambrelError("extension.missing", what, shown, hint)
    for required in named[name].requires:
        _visit(required, named, ordered, (*chain, name))
    ordered[name] = named[name]
