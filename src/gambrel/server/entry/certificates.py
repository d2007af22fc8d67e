"""`Certificates`: what a TLS server shows, by the name a client asks for, and loaded anew.

A new certificate is for new handshakes; connections that are open stay as they are. The command
line makes one and hands its `context` to the server.
"""

import asyncio
import signal
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gambrel.core.http.errors import GambrelError
from gambrel.server.tls import tls_context

__all__ = ["Certificates", "Pair"]

_LOOK = 5.0
"""Seconds between two looks at the files."""


class Pair(NamedTuple):
    """PEM files of a certificate with its chain, and of its key where that is not in the same."""

    certificate: str | Path
    key: str | Path | None = None


class Loaded(NamedTuple):
    """A context for each name, and one for all others."""

    first: ssl.SSLContext
    named: dict[str, ssl.SSLContext]

    def find(self, name: str | None) -> ssl.SSLContext:
        """Return the context for the name that a client asks for, if it asks for one."""
        asked = (name or "").lower()
        wildcard = f"*.{asked.partition('.')[2]}"
        return self.named.get(asked) or self.named.get(wildcard) or self.first


class Certificates:
    """The certificates of a server, the first of which is for whoever asks for no name of theirs.

    `tell` gets a line for people whenever they were loaded anew, or could not be.

    Raises:
        GambrelError: A file cannot be used.
    """

    def __init__(
        self,
        pairs: Iterable[Pair],
        client_ca: str | Path | None = None,
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.pairs = list(pairs)
        self.client_ca = client_ca
        self.tell = tell
        self._stamp = self._seen = self.stamp()
        self._loaded = self.load()
        self.context = self._loaded.first
        # Asked in each handshake: with another context, its certificate is shown.
        self.context.sni_callback = self._choose

    def load(self) -> Loaded:
        """Read the files. Raises GambrelError."""
        contexts = [tls_context(*pair, client_ca=self.client_ca) for pair in self.pairs]
        named: dict[str, ssl.SSLContext] = {}
        if len(contexts) > 1:
            for pair, context in zip(self.pairs, contexts, strict=True):
                named |= {name: context for name in names_of(pair) if name not in named}
        return Loaded(contexts[0], named)

    def _choose(self, connection: Any, name: str | None, _: ssl.SSLContext) -> None:
        connection.context = self._loaded.find(name)

    def reload(self) -> bool:
        """Load the files anew; where they cannot be used, what was loaded before stays."""
        self._stamp = self.stamp()
        try:
            self._loaded = self.load()
        except GambrelError as error:
            self.tell(f"the certificate stays as it was: {error.what} ({error.where})")
            return False
        self.tell("the certificate was loaded anew")
        return True

    def stamp(self) -> list[tuple[int, ...]]:
        """Return what tells whether the files have changed."""
        files = [file for pair in self.pairs for file in pair if file]
        return [stamp_of(Path(file)) for file in (*files, self.client_ca) if file]

    def look(self) -> None:
        """Load the files anew if they have changed, and have stayed so since the last look."""
        before, self._seen = self._seen, self.stamp()
        if self._seen != self._stamp and self._seen == before:
            self.reload()

    def follow(self, every: float = _LOOK) -> None:
        """From now on, on the running loop, load them anew on SIGHUP and when they change."""
        loop = asyncio.get_running_loop()
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self.reload)

        def again() -> None:
            loop.call_later(every, again)
            self.look()

        loop.call_later(every, again)


def stamp_of(file: Path) -> tuple[int, ...]:
    """Return what changes with a file; nothing where it is absent."""
    try:
        found = file.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def names_of(pair: Pair) -> list[str]:
    """Return the names that a certificate is for, by shaking hands with it.

    Raises:
        GambrelError: It has expired, or is not to be used by servers.
    """
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it vouches for itself here
    asking.load_verify_locations(pair.certificate)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = tls_context(*pair).wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server)
    try:
        for side in (client, server, client):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    except ssl.SSLError as error:
        what = f"the certificate cannot be used: {error.reason}"
        hint = "give a certificate for servers that is valid today"
        raise GambrelError("server.certificate", what, str(pair.certificate), hint) from None
    found: Any = client.getpeercert() or {}
    return [name.lower() for kind, name in found.get("subjectAltName", ()) if kind == "DNS"]
