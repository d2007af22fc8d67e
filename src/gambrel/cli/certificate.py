"""The certificate of `gambrel dev --tls`: made for this machine, by an authority of its user's.

The authority is made once and kept where settings of the user are; who trusts it in a browser sees
no warning any more. Nothing leaves the machine.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from gambrel import GambrelError

__all__ = ["development_certificate", "home"]

NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")
LIFE = timedelta(days=90)


def home() -> Path:
    """Return the folder of the authority, `certificates` in the user's for Gambrel."""
    return Path(click.get_app_dir("gambrel")) / "certificates"


def development_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for loopback names; return its file, and that of its authority.

    The first has the key and the chain, too, and is readable by the user only. It is made anew at
    every call, and lasts 90 days.

    Raises:
        GambrelError: `trustme` is not installed, or the folder cannot be written.
    """
    try:
        import trustme
    except ModuleNotFoundError as error:
        raise GambrelError(
            "cli.certificate",
            "certificates for development are made by trustme, which is not installed",
            "gambrel dev --tls",
            "pip install 'gambrel[dev]'",
        ) from error
    public, private = folder / "authority.pem", folder / "authority.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if public.exists() and private.exists():
            authority = trustme.CA.from_pem(public.read_bytes(), private.read_bytes())
        else:
            authority = trustme.CA(organization_name="Gambrel, for development on this machine")
            write(private, authority.private_key_pem.bytes())
            write(public, authority.cert_pem.bytes())
        made = authority.issue_cert(*NAMES, not_after=datetime.now(UTC) + LIFE)
        certificate = folder / "localhost.pem"
        write(certificate, made.private_key_and_cert_chain_pem.bytes())
    except (OSError, ValueError) as error:
        raise GambrelError(
            "cli.certificate",
            f"no certificate for development can be made: {error}",
            str(folder),
            "let it be written, or remove the folder so that it is made anew",
        ) from error
    return certificate, public


def write(file: Path, content: bytes) -> None:
    """Write a file that nobody else may read, in one step: a server may be reading it."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
    draft.replace(file)
