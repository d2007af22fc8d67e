"""TLS on the command line: its options, and what they mean to each server."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

__all__ = ["PLAIN", "TLSFiles", "given_files", "tls_options"]

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False)
_HELP = {
    "--certfile": "Speak TLS with this certificate and its chain; more for other names.",
    "--keyfile": "The key of the certificate, unless it stands in the same file.",
    "--client-ca": "Ask clients for a certificate that one of these has signed.",
}


class TLSFiles(NamedTuple):
    """Paths of PEM files, empty where not given; `others` have their keys beside them.

    `http3` speaks that too, at the UDP port of the same number.
    """

    certfile: str = ""
    keyfile: str = ""
    client_ca: str = ""
    others: tuple[str, ...] = ()
    http3: bool = False

    @property
    def scheme(self) -> str:
        """What a URL begins with."""
        return "https" if self.certfile else "http"

    def arguments(self, server: str) -> list[str]:
        """Return the files as options of another server. Raises UsageError for several."""
        if self.others:
            raise click.UsageError("several --certfile are for the native server")
        names = {
            "uvicorn": ("--ssl-certfile", "--ssl-keyfile", "--ssl-ca-certs"),
            "hypercorn": ("--certfile", "--keyfile", "--ca-certs"),
            "granian": ("--ssl-certificate", "--ssl-keyfile", "--ssl-ca"),
        }[server]
        required = {
            "uvicorn": ["--ssl-cert-reqs", "2"],
            "hypercorn": ["--verify-mode", "CERT_REQUIRED"],
            "granian": ["--ssl-client-verify"],
        }[server]
        # They do not look for the key beside the certificate, if they are not told to.
        files = (self.certfile, self.keyfile or self.certfile, self.client_ca)
        options = [part for pair in zip(names, files, strict=True) if pair[1] for part in pair]
        return [*options, *(required if self.client_ca else ())]


PLAIN = TLSFiles()
"""No TLS."""


def tls_options(command: F) -> F:
    """Let a command take the files; it asks `given_files()` for them."""
    for name, text in reversed(_HELP.items()):
        option = click.option(
            name,
            metavar="PEM",
            type=_FILE,
            help=text,
            multiple=name == "--certfile",
            callback=keep,
            expose_value=False,
        )
        command = option(command)
    text = "Speak HTTP/3, too, at the UDP port of the same number (hypercorn)."
    return click.option("--http3", is_flag=True, help=text, callback=keep, expose_value=False)(
        command
    )


def keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Note one file for `given_files`, or several."""
    context.meta[f"{__name__}.{option.name}"] = value or ""


def given_files() -> TLSFiles:
    """Return the files that the running command was given. Raises UsageError for half of them."""
    context = click.get_current_context()
    certfiles, keyfile, client_ca, http3 = (
        context.meta[f"{__name__}.{name}"] for name in ("certfile", "keyfile", "client_ca", "http3")
    )
    if http3 and context.params["server"] != "hypercorn":
        raise click.UsageError("--http3 is for --server hypercorn: no other speaks it")
    if not certfiles:
        if keyfile or client_ca or http3:
            raise click.UsageError("--keyfile, --client-ca and --http3 need --certfile")
        return PLAIN
    return TLSFiles(certfiles[0], keyfile, client_ca, tuple(certfiles[1:]), bool(http3))
