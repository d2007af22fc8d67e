"""The options of `gambrel run` about its workers, besides their number."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from msgspec import Struct

__all__ = ["CONTROL", "MOST_WORKERS", "Ways", "given_plan", "given_ways", "worker_options"]

F = TypeVar("F", bound=Callable[..., Any])

MOST_WORKERS = 256

_OPTIONS: dict[str, tuple[Any, Any, str, str]] = {
    "--hang-timeout": (
        click.FloatRange(min=1),
        30.0,
        "SECONDS",
        "Replace a worker whose event loop stands still.",
    ),
    "--max-memory": (click.IntRange(1), None, "MIB", "Replace a worker that uses more."),
    "--max-requests": (
        click.IntRange(1),
        None,
        "NUMBER",
        "Replace a worker that has answered about as many.",
    ),
    "--control": (
        str,
        "",
        "PATH",
        "Make a socket for `gambrel status`, `reload`, `scale`, `stop`. [GAMBREL_CONTROL]",
    ),
    "--before": (
        str,
        (),
        "COMMAND",
        "Run a command of the app before new workers; may be repeated.",
    ),
    "--process": (
        str,
        (),
        "COMMAND",
        "Keep a command of the app running beside the workers; may be repeated.",
    ),
    "--pid-file": (str, "", "PATH", "Keep the process id in a file."),
    "--user": (str, "", "NAME", "Serve as this user, started by the superuser."),
    "--group": (str, "", "NAME", "Serve as this group, not as the user's own."),
    "--log-file": (str, "", "PATH", "Where a daemon writes to."),
}
CONTROL = "GAMBREL_CONTROL"
_VARIABLES = {"--control": CONTROL}


def worker_options(command: F) -> F:
    """Let a command take the options; it asks `given_plan()` for them."""
    command = click.option(
        "--daemon", is_flag=True, help="Go on in the background.", callback=keep, expose_value=False
    )(command)
    for name, (kind, default, metavar, text) in reversed(_OPTIONS.items()):
        command = click.option(
            name,
            type=kind,
            default=default,
            metavar=metavar,
            help=text,
            envvar=_VARIABLES.get(name),
            show_default=default not in ("", ()),
            multiple=default == (),
            callback=keep,
            expose_value=False,
        )(command)
    return command


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Note one value for `given_plan`."""
    context.meta[f"{__name__}.{option.name}"] = value


class Ways(Struct, frozen=True, kw_only=True):
    """How the process runs that `gambrel run` becomes; each empty where it is not asked for."""

    control: str = ""
    before: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    pid_file: str = ""
    user: str = ""
    group: str = ""
    daemon: bool = False
    log_file: str = ""


def given(name: str) -> Any:
    """Return the value of an option."""
    return click.get_current_context().meta[f"{__name__}.{name}"]


def given_ways() -> Ways:
    """Return how the process is to run."""
    return Ways(**{name: given(name) for name in Ways.__struct_fields__})


def refuse_for(server: str) -> None:
    """Refuse options that another server would ignore, such as who it serves as.

    Raises:
        UsageError: One of them is given.
    """
    context = click.get_current_context()
    for name in [*_OPTIONS, "--daemon"]:
        key = name[2:].replace("-", "_")
        if context.get_parameter_source(key) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{name} is for the native server, not for {server}")


def given_plan(workers: int, server: str) -> Any:
    """Return what is asked of the supervisor; None where one process is enough.

    Raises:
        UsageError: One option makes no sense without another, or with another server.
    """
    if server != "native":
        refuse_for(server)
        return None
    ways = given_ways()
    if ways.log_file and not ways.daemon:
        raise click.UsageError("--log-file is for --daemon")
    if bool(ways.group) and not ways.user and os.geteuid() == 0:
        raise click.UsageError("--group is for --user: without one the superuser serves")
    memory, requests = given("max_memory") or 0, given("max_requests") or 0
    if workers == 1 and not memory and not requests and ways == Ways():
        return None
    from gambrel.server.workers.supervisor import Plan

    hang = given("hang_timeout")
    return Plan(workers=workers, hang_timeout=hang, max_memory=memory << 20, max_requests=requests)
