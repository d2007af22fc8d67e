"""The options of `gambrel run` about its workers, besides their number."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["given_plan", "worker_options"]

F = TypeVar("F", bound=Callable[..., Any])

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
}


def worker_options(command: F) -> F:
    """Let a command take the options; it asks `given_plan()` for them."""
    for name, (kind, default, metavar, text) in reversed(_OPTIONS.items()):
        command = click.option(
            name,
            type=kind,
            default=default,
            metavar=metavar,
            help=text,
            show_default=True,
            callback=keep,
            expose_value=False,
        )(command)
    return command


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Note one value for `given_plan`."""
    context.meta[f"{__name__}.{option.name}"] = value


def given_plan(workers: int) -> Any:
    """Return what is asked of the supervisor; None where one process is enough."""
    meta = click.get_current_context().meta
    memory = meta[f"{__name__}.max_memory"] or 0
    requests = meta[f"{__name__}.max_requests"] or 0
    if workers == 1 and not memory and not requests:
        return None
    from gambrel.server.workers.supervisor import Plan

    hang = meta[f"{__name__}.hang_timeout"]
    return Plan(workers=workers, hang_timeout=hang, max_memory=memory << 20, max_requests=requests)
