"""`Site`: the files below one prefix, as answers to requests and as URLs for pages.

The extensions make one at start. What is in memory is trusted for a second; then the next request
for it has a thread look whether the file has changed, and the others go on meanwhile.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Literal
from urllib.parse import quote

from msgspec import Struct

from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect, Response
from gambrel.core.http.threads import in_thread
from gambrel.files.response import guess_media_type
from gambrel.files.static.folders import Folders
from gambrel.files.static.hashed import split_hashed
from gambrel.files.static.listing import render_listing
from gambrel.files.static.states import State, read_state
from gambrel.files.static.variants import Variants
from gambrel.headers.vary import add_vary

__all__ = ["FOREVER", "Options", "Site"]

FOREVER = "public, max-age=31536000, immutable"
TRUSTED = 1.0
"""Seconds for which a file that was looked at counts as unchanged."""


class Options(Struct, frozen=True, kw_only=True):
    """How a site serves. `is_development` looks at every file each time, and keeps nothing.

    `index` is served for a folder, with `listing` one that has none is listed; `shell` for what
    is not there and wanted as a page. Names that begin with one of `kept` never change.
    """

    prefix: str = "/static"
    index: str = ""
    listing: bool = False
    shell: str = ""
    kept: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    max_age: int = 300
    memory: int = 32 << 20
    versions: Literal["name", "query", "off"] = "name"
    url: str = ""
    is_development: bool = False


class Entry:
    """A name that was asked for, in memory."""

    __slots__ = ("is_kept", "state", "until", "usual", "variants", "weight")

    def __init__(self, state: State, *, is_kept: bool) -> None:
        self.state = state
        self.is_kept = is_kept
        self.until = 0.0
        self.usual: Variants | None = None
        self.variants: dict[bool, Variants] = {}
        self.weight = state.weight + 1_024


class Site:
    """The files of `folders` below a prefix; `hashed` are names that are known to tell theirs."""

    def __init__(self, folders: Folders, options: Options) -> None:
        self.folders = folders
        self.options = options
        self.entries: dict[str, Entry] = {}
        self.weight = 0
        self.hashed: frozenset[str] = frozenset()
        self.fields: list[tuple[str, str]] = []
        if "//" in options.url:  # pages of another origin are to use them
            self.fields += [("cross-origin-resource-policy", "cross-origin")]
            self.fields += [("access-control-allow-origin", "*")]
        self.caching = f"public, max-age={options.max_age}" if options.max_age else "no-cache"
        if options.is_development:
            self.caching = "no-cache"

    # Answers ------------------------------------------------------------------------------------

    def respond(self, request: Request, name: str) -> Response:
        """Return the answer for a name: at once from memory, or a late one. Does not block."""
        entry = self.entries.get(name)
        if entry is None:
            return Late(self, request, name)
        now = monotonic()
        if now > entry.until:
            entry.until = now + TRUSTED  # others go on with it while a thread looks
            return Late(self, request, name)
        if entry.usual is not None and not request.query_string:
            return entry.usual.respond(request)
        return self.answer(request, entry)

    def answer(self, request: Request, entry: Entry) -> Response:
        """Return the answer from an entry."""
        is_kept = entry.is_kept
        if request.query_string and not is_kept and not self.options.is_development:
            is_kept = request.query_string == f"v={entry.state.digest[:8]}"
        variants = entry.variants.get(is_kept)
        if variants is None:
            caching = FOREVER if is_kept else self.caching
            variants = Variants(entry.state, caching, self.fields, request.app.build())
            entry.variants[is_kept] = variants
            entry.usual = entry.variants.get(entry.is_kept)
        return variants.respond(request)

    async def find(self, name: str) -> Entry:
        """Return the entry of a name after a thread has looked at its file.

        A name with the digest of another content leads to the entry of the plain name, and is not
        remembered: strangers can make up any number of them.

        Raises FileNotFoundError.
        """
        split, known = split_hashed(name), self.entries.get(name)
        try:
            return await self.find_plain(name)
        except FileNotFoundError:
            if split is None:
                raise
        plain, digest = split
        entry = await self.find_plain(plain)
        if self.options.is_development or not is_of(digest, entry.state):
            return entry
        if known is None or known.state is not entry.state:
            known = Entry(entry.state, is_kept=True)
        return self.remember(name, known)

    async def find_plain(self, name: str) -> Entry:
        """Return the entry of the very file that a name names. Raises FileNotFoundError."""
        try:
            return self.remember(name, await in_thread(self.look, name))
        except FileNotFoundError:
            self.forget(name)
            raise

    def remember(self, name: str, entry: Entry) -> Entry:
        """Keep an entry, at the end of the row: what is not asked for leaves first."""
        self.forget(name)
        entry.until = 0.0 if self.options.is_development else monotonic() + TRUSTED
        self.entries[name] = entry
        self.weight += entry.weight
        while self.weight > self.options.memory and self.entries:
            self.forget(next(iter(self.entries)))
        return entry

    def look(self, name: str) -> Entry:
        """Return the entry of a name; the one that is kept, if its file is as it was. Blocks.

        Raises FileNotFoundError.
        """
        known = self.entries.get(name)
        state = None if known is None else known.state
        packs = not self.options.is_development
        found = read_state(self.folders, name, state, packs=packs)
        if known is not None and found is state:
            return known
        split = split_hashed(name)
        is_kept = (
            (split is not None and is_of(split[1], found))
            or name in self.hashed
            or name.startswith(self.options.kept or ("\0",))
        )
        return Entry(found, is_kept=is_kept and packs)

    def forget(self, name: str) -> None:
        """Drop an entry, if there is one."""
        entry = self.entries.pop(name, None)
        if entry is not None:
            self.weight -= entry.weight

    def folder_of(self, name: str) -> str | None:
        """Return the name of the index in a folder, None where nothing shows folders."""
        is_folder = not name or name.endswith("/")
        return f"{name}{self.options.index}" if is_folder and self.options.index else None

    def shows_shell(self, request: Request, name: str) -> bool:
        """Tell whether a name that is not there is a page of the application in the browser.

        That is what a browser navigates to: it wants HTML, and nothing that has another type.
        """
        options = self.options
        wanted = request.headers.first("accept") or ""
        if not options.shell or "text/html" not in wanted.lower():
            return False
        path = f"/{name}/"
        if any(path.startswith(f"{start.rstrip('/')}/") for start in options.excluded):
            return False
        return guess_media_type(name) in {"application/octet-stream", "text/html"}


class Late(Response):
    """An answer for which a thread has to look at the disk first."""

    def __init__(self, site: Site, request: Request, name: str) -> None:
        super().__init__()
        self.site = site
        self.request = request
        self.name = name

    async def for_request(self, method: str, headers: Mapping[str, str]) -> Response:
        """Return what is sent. Raises NotFound, PreconditionFailed and RangeNotSatisfiable."""
        response = await self.found()
        if response.for_request is not None:
            response = await response.for_request(method, headers)
        for callback in self.callbacks:
            response.on_close(callback)
        return response

    async def found(self) -> Response:
        """Return the answer: the file, the index of a folder, or the shell."""
        site, request, name = self.site, self.request, self.name
        index = site.folder_of(name)
        try:
            return site.answer(request, await site.find(name if index is None else index))
        except FileNotFoundError:
            pass
        if site.options.listing:
            try:
                return await self.listed()
            except FileNotFoundError:
                pass
        if site.options.index and index is None:
            try:
                await site.find(f"{name}/{site.options.index}")
                return to_folder(request, site.options.prefix, name)
            except FileNotFoundError:
                pass
        if site.shows_shell(request, name):
            try:
                shell = site.answer(request, await site.find(site.options.shell)).copy()
                add_vary(shell.headers, "accept")  # a script that asks for this is a 404
                return shell
            except FileNotFoundError:
                pass
        raise NotFound

    async def listed(self) -> Response:
        """Return the list of a folder, or the redirect to it. Raises FileNotFoundError."""
        name, prefix = self.name.removesuffix("/"), self.site.options.prefix
        entries = await in_thread(self.site.folders.entries, name)
        if name and name == self.name:
            return to_folder(self.request, prefix, name)
        title = f"{prefix.rstrip('/')}/{self.name}"
        return render_listing(title, entries, is_top=not name)


def to_folder(request: Request, prefix: str, name: str) -> Response:
    """Return the redirect to a folder; its name was found safe, so it leads to no other host."""
    query = f"?{request.query_string}" if request.query_string else ""
    place = f"{request.root_path}{prefix.rstrip('/')}/{quote(name)}/{query}"
    return Redirect(place, 308, {"cache-control": "no-cache"})


def is_of(digest: str, state: State) -> bool:
    """Tell whether a digest in a name is that of a content."""
    return bool(state.digest) and state.digest.startswith(digest)
