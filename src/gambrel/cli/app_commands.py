"""Commands that an app and its extensions have added, as commands of `gambrel`.

A function becomes a command by its signature: a parameter without default is an argument, one
with a default an option, a flag if it is a bool. What handlers are given without a request is
handed in: by type, and by `Depends`.
"""

import asyncio
import enum
import inspect
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import click

from gambrel import App, Depends, GambrelError
from gambrel.cli.built import commands_of
from gambrel.cli.target import load_app

__all__ = ["commands_by_name", "find_commands"]

DEFAULT = "app.py"


class Values(click.Choice[Any]):
    """The values of an enum, as requests give them."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        self.members = {str(member.value): member for member in kind}
        super().__init__(list(self.members))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the member of a value; a default is one already."""
        if isinstance(value, enum.Enum):
            return value
        return self.members[super().convert(value, param, ctx)]


def find_commands(target: str | None) -> dict[str, click.Command]:
    """Return the commands of an app; none where no target is named and there is no app.py.

    Raises:
        GambrelError: The app cannot be loaded, or a command takes what no command line can give.
    """
    if target is None and not Path(DEFAULT).is_file():
        return {}
    app = load_app(target or DEFAULT)
    app.build()
    return commands_by_name(app)


def commands_by_name(app: App) -> dict[str, click.Command]:
    """Return the commands of a built app. Raises GambrelError as `find_commands` does."""
    found = [declared.value for declared in commands_of(app)]
    return {entry.name: command_of(app, entry.name, entry.run) for entry in found}


def command_of(app: App, name: str, run: Callable[..., Any]) -> click.Command:
    """Return a function as a command; a click command is one already."""
    if isinstance(run, click.Command):
        return run
    hints = get_type_hints(run, include_extras=True)
    given: dict[str, Any] = {}
    params: list[click.Parameter] = []
    several, leading = "", []
    for parameter in inspect.signature(run).parameters.values():
        annotation = hints.get(parameter.name, str)
        if parameter.name == "app" and parameter.annotation is parameter.empty:
            given["app"] = type(app)  # for batteries, which do not know its class
        elif is_injected(app, annotation):
            given[parameter.name] = annotation
        else:
            params.append(as_parameter(parameter, annotation, f"{name} ({run.__module__})"))
        if parameter.kind is parameter.VAR_POSITIONAL:
            several, leading = parameter.name, [param.name or "" for param in params[:-1]]

    def callback(**values: Any) -> None:
        positional = [*(values.pop(one) for one in leading), *values.pop(several, ())]
        call(app, partial(run, *positional, **values), given)

    return click.Command(name, callback=callback, params=params, help=inspect.getdoc(run))


def is_injected(app: App, annotation: Any) -> bool:
    """Tell whether a parameter is handed in rather than typed."""
    notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return app.providers.has(annotation) or any(
        isinstance(note, Depends) or note is Depends for note in notes
    )


def as_parameter(item: inspect.Parameter, annotation: Any, where: str) -> click.Parameter:
    """Return an argument, or an option where there is a default."""
    is_many = item.kind is item.VAR_POSITIONAL
    kind, is_list = type_of(annotation, where)
    to_list = partial(collect, item.default) if is_list else None
    if is_many or item.default is item.empty:
        nargs = -1 if is_many or is_list else 1
        return click.Argument(
            [item.name], type=kind, nargs=nargs, required=not is_many, callback=to_list
        )
    names = [item.name, f"--{item.name.replace('_', '-')}"]
    if kind is bool:
        names[1] += f"/--no-{item.name.replace('_', '-')}"
    return click.Option(
        names,
        type=None if kind is bool else kind,
        default=as_typed(item.default),
        multiple=is_list,
        callback=to_list,
        show_default=item.default not in (None, ""),
        help=note_of(annotation),
    )


def as_typed(default: Any) -> Any:
    """Return a default as one would type it: of the members of an enum, their values."""
    if isinstance(default, list | tuple | set):
        return [as_typed(one) for one in default]
    return str(default.value) if isinstance(default, enum.Enum) else default


def collect(default: Any, _context: object, _parameter: object, values: tuple[Any, ...]) -> Any:
    """Return the values of a repeated option as a list; the default where there are none."""
    return list(values) if values else default


def note_of(annotation: Any) -> str | None:
    """Return a text in `Annotated[T, "text"]`: the help of an option."""
    notes = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
    return next((note for note in notes if isinstance(note, str)), None)


def type_of(annotation: Any, where: str) -> tuple[Any, bool]:
    """Return the type that click is to convert to, and whether there are several values."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    args = [a for a in get_args(annotation) if a is not type(None)]
    if get_origin(annotation) in {list, tuple, set} and args:
        return type_of(args[0], where)[0], True
    if get_origin(annotation) is Literal:
        return click.Choice([str(choice) for choice in args]), False
    if len(args) == 1:
        return type_of(args[0], where)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return Values(annotation), False
    if isinstance(annotation, type) and issubclass(annotation, Path):
        return click.Path(path_type=Path), False
    if annotation in {str, int, float, bool}:
        return annotation, False
    raise GambrelError(
        "cli.command-type",
        f"the command takes a {getattr(annotation, '__qualname__', annotation)}",
        where,
        "take str, int, float, bool, Path, an Enum, a Literal or a list of these; "
        "or provide the type in the app",
    )


def call(app: App, run: partial[Any], given: dict[str, Any]) -> None:
    """Call the function, in a running app where it asks for more than the app and its settings."""
    known = {
        name: app.resources.find(kind) if is_class(kind) else None for name, kind in given.items()
    }
    if all(value is not None for value in known.values()):
        result = run(**known)
        if inspect.iscoroutine(result):
            asyncio.run(result)
        return

    async def within() -> None:
        async with app.running():
            await app.call(taking(run, given))

    asyncio.run(within())


def is_class(kind: Any) -> bool:
    """Whether values can be instances of it; what fits a protocol by chance is not meant."""
    return isinstance(kind, type) and not getattr(kind, "_is_protocol", False)


def taking(run: partial[Any], given: dict[str, Any]) -> Callable[..., Any]:
    """Return the function as one that is awaited and takes only what is handed in, by name."""

    @wraps(run.func)
    async def awaited(**values: Any) -> None:
        result = run(**values)
        if inspect.isawaitable(result):
            await result

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(name, kind, annotation=hint) for name, hint in given.items()]
    awaited.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # functions take attributes
    return awaited
