"""`Static`: the URLs of static files, for handlers and templates.

While developing they are plain; in production they tell the content, so that browsers keep the
file for ever and a new one is fetched at once.
"""

import asyncio
import logging
import os
from contextlib import suppress
from copy import copy
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from gambrel.checks import Level, Problem
from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.files.static.folders import Folders
from gambrel.files.static.hashed import DIGITS, digest_of, hashed_name, integrity_of
from gambrel.files.static.manifest import Manifest
from gambrel.files.static.site import TRUSTED, Options
from gambrel.files.static.states import HASHED, LARGE

__all__ = ["Named", "Static"]

PREPARED = 500
"""Files of which the start knows what they are called; others are read when a page asks."""

_log = logging.getLogger("gambrel.files")


class Version:
    """What is known of a file, and until when it is believed."""

    __slots__ = ("digest", "integrity", "stamp", "until")

    def __init__(self, stamp: tuple[int, int, int], digest: str, integrity: str) -> None:
        self.stamp = stamp
        self.digest = digest
        self.integrity = integrity
        self.until = monotonic() + TRUSTED


class Static:
    """Where the files of a site are: `url("site.css")`. Ask for it as a parameter."""

    def __init__(self, folders: Folders, options: Options) -> None:
        self.folders = folders
        self.options = options
        self.known: dict[str, Version] = {}
        self.manifest: Manifest | None = None
        self.base = quote(f"{options.prefix.rstrip('/')}/")
        if options.url:
            self.base = f"{options.url.rstrip('/')}/"

    def below(self, root_path: str) -> "Static":
        """Return the same for an app that is mounted at a path."""
        if not root_path or self.options.url:
            return self
        mounted = copy(self)
        mounted.base = quote(root_path) + self.base
        return mounted

    def __call__(self, name: str) -> str:
        """Return the URL of a file, for templates: `{{ static("site.css") }}`."""
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the URL of a file: `/static/site.3f2a9c1b.css`, plain for one above 16 MiB.

        One above 1 MiB is plain, too, until a thread has read it: the event loop does not wait.
        A name that is nowhere is an error while developing; in production it is logged, and the
        plain URL returned: a missing picture must not take the page with it.

        Raises:
            GambrelError: There is no such file, and the app is in debug.
        """
        if self.manifest is not None and name in self.manifest.files:
            return self.base + quote(self.manifest.files[name].name)
        version = self._version(name)
        versions = self.options.versions
        if (
            version is None
            or self.options.is_development
            or versions == "off"
            or not version.digest
        ):
            return self.base + quote(name)
        if versions == "query":
            return f"{self.base}{quote(name)}?v={version.digest[:DIGITS]}"
        return self.base + quote(hashed_name(name, version.digest))

    def integrity(self, name: str) -> str:
        """Return the value of `integrity=` for a script or style, empty for a missing one.

        Raises:
            GambrelError: As `url`.
        """
        if self.manifest is not None and name in self.manifest.files:
            return self.manifest.files[name].integrity
        version = self._version(name)
        return "" if version is None else version.integrity

    def prepare(self) -> None:
        """Read what pages will most likely ask for, before they do. Blocks; for threads."""
        for name, folder in islice(self.folders.walk(), PREPARED):
            with suppress(OSError):  # gone since it was listed
                if Path(folder.path, folder.inside(name) or name).stat().st_size <= LARGE:
                    self._read(name, None)

    def _version(self, name: str) -> Version | None:
        """Return what is known of a file; it is read anew when it has changed."""
        known = self.known.get(name)
        if known is not None and monotonic() < known.until:
            return known
        try:
            return self._read(name, known)
        except FileNotFoundError:
            self.known.pop(name, None)
            self._report(name)
            return None

    def _read(self, name: str, known: Version | None) -> Version:
        """Look at a file, and read it unless it is as it was."""
        descriptor, _ = self.folders.open(name)
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if known is not None and known.stamp == stamp:
                known.until = monotonic() + TRUSTED
                return known
            version = Version(stamp, "", "")
            loop = loop_of_now() if LARGE < facts.st_size <= HASHED else None
            if loop is None and facts.st_size <= HASHED:
                content = file.read()
                version = Version(stamp, digest_of(content), integrity_of(content))
        self.known[name] = version
        if loop is not None:
            loop.run_in_executor(None, self._read_later, name)
        return version

    def _read_later(self, name: str) -> None:
        """Read a file in a thread."""
        with suppress(OSError):  # gone since, or closed to us
            self._read(name, None)

    def _report(self, name: str) -> None:
        """Tell of a file that is nowhere. Raises GambrelError while developing."""
        if self.options.is_development:
            raise nowhere(name, self.folders)
        _log.warning("there is no static file %r in %s", name, searched(self.folders))


class Named:
    """What gives `static` to a page; `doubt` tells checks of a name that a template writes out."""

    def __init__(self, static: Static, originals: Folders) -> None:
        self.static = static
        self.originals = originals

    def __call__(self, request: Request) -> Static:
        """Return where the files are for the page of a request."""
        return self.static.below(request.root_path)

    def doubt(self, name: str) -> Problem | None:
        """Return the problem of a file that is nowhere; it may still have to be made."""
        if self.originals.holders(name):
            return None
        error = nowhere(name, self.originals)
        return Problem(error.code, error.what, error.hint, error.where, Level.WARNING)


def loop_of_now() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that waits for what is done here, None in a thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def searched(folders: Folders) -> str:
    """Return where files are looked for."""
    return ", ".join(str(folder.path) for folder in folders.folders)


def nowhere(name: str, folders: Folders) -> GambrelError:
    """Return the error of a file that is in no folder."""
    near = get_close_matches(name, [found for found, _ in folders.walk()], 1)
    guess = f"did you mean {near[0]!r}? " if near else ""
    return GambrelError(
        "files.no-static-file",
        f"there is no static file {name!r}",
        f"looked in {searched(folders)}",
        f"{guess}put the file there, or correct the name",
    )
