"""The native server under the command line: its own options, its errors told as three lines."""

import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

import click

from gambrel import App, GambrelError
from gambrel.cli.serving.telling import say
from gambrel.cli.serving.tls import TLSFiles

__all__ = [
    "Native",
    "gate_of",
    "given_native",
    "native_options",
    "serve_app",
    "stop_told",
    "tls_of",
]

F = TypeVar("F", bound=Callable[..., Any])


class Native(NamedTuple):
    """What only this server is asked for: a header before each connection, and a loop."""

    proxied: bool = False
    loop: str = "auto"


def native_options(command: F) -> F:
    """Let a command take the options; it asks `given_native()` for them."""
    header = "Expect a PROXY header of a trusted proxy on each connection."
    loops = click.Choice(["auto", "uvloop", "asyncio"])
    loop = "The event loop; `auto` is uvloop where there is one."
    for option in (
        click.option("--loop", type=loops, default="auto", help=loop, show_default=True, **_KEPT),
        click.option("--proxy-protocol", "proxied", is_flag=True, help=header, **_KEPT),
    ):
        command = option(command)
    return command


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Note one value for `given_native`."""
    context.meta[f"{__name__}.{option.name}"] = value


_KEPT: Any = {"callback": keep, "expose_value": False}


def given_native(server: str) -> Native:
    """Return what the running command was given. Raises UsageError for another server."""
    meta = click.get_current_context().meta
    given = Native(*(meta[f"{__name__}.{name}"] for name in Native._fields))
    if given != Native() and server != "native":
        raise click.UsageError("--proxy-protocol and --loop are for the native server")
    return given


def tls_of(files: TLSFiles) -> Any:
    """Return the certificates in the given files, or None. Raises GambrelError."""
    if not files.certfile:
        return None
    from gambrel.server.entry.certificates import Certificates, Pair

    pairs = [Pair(files.certfile, files.keyfile or None), *map(Pair, files.others)]
    tell = partial(say, err=True)
    return Certificates(pairs, files.client_ca or None, lambda line: tell(f"gambrel: {line}"))


def gate_of(app: App, proxied: bool) -> Any:
    """Return what reads the PROXY headers, if the command or the settings ask for it, or None.

    Raises:
        GambrelError: Nobody is trusted to send them.
    """
    if not proxied and not getattr(getattr(app.settings, "server", None), "proxy_protocol", False):
        return None
    from gambrel.server.entry.gate import ProxyGate

    return ProxyGate.of_app(app)


def serve_app(
    app: App,
    listener: socket.socket,
    message: str,
    *,
    gate: Any = None,
    certificates: Any = None,
    **options: Any,
) -> None:
    """Serve until a signal asks to stop; `message` is written once connections are taken.

    `gate` is where connections begin with a header, `certificates` where they speak TLS.

    Raises:
        GambrelError: The app's start-up or shutdown has failed.
    """
    from gambrel.server.serve import run

    if gate is not None:
        from gambrel.server.entry.taking import TakingServer

        options["make"] = partial(TakingServer, gate=gate)

    if certificates is not None:
        options["tls"] = certificates.context

    def ready() -> None:
        if certificates is not None:
            certificates.follow()
        if message:
            say(message)
        if not gc.isenabled():  # as `main` has left it
            gc.freeze()  # for good; to collect before would cost as much as a third of the start
            gc.enable()

    with stop_told():
        run(app, listener, ready=ready, **options)


@contextmanager
def stop_told() -> Iterator[None]:
    """Make an error of ours of what an app raises while it closes."""
    try:
        yield
    except GambrelError:
        raise
    except Exception as error:
        from gambrel.cli.failures import describe, place_of

        raise GambrelError(
            "cli.stop-failed",
            f"the app did not close as it should: {describe(error)}",
            place_of(error.__traceback__),
            "correct what its lifespan closes; the trace above leads to it",
        ) from error
