"""`StaticFiles` and `FrontEnd`: the extensions that serve folders of files."""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, defstruct

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.http.threads import in_thread
from gambrel.extend import TEMPLATE_GLOBALS, Level, Point, Problem, Router, Setup
from gambrel.files.commands import static_command
from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.manifest import load_manifest
from gambrel.files.static.site import Options, Site
from gambrel.files.static.urls import Named, Static

__all__ = ["STATIC_FOLDERS", "FrontEnd", "StaticFiles", "StaticSettings"]

STATIC_FOLDERS: Point[StaticFolder] = Point("static folder")
"""Further folders of `StaticFiles`, below the app's own in the order in which they are declared."""

_SITES: Point[str] = Point("static files")


class StaticSettings(Struct, frozen=True, kw_only=True):
    """What a deployment decides about static files; `max_age` is in seconds, `memory` in bytes."""

    max_age: Annotated[int, Meta(ge=0, description="for files whose name is not of the content")]
    memory: Annotated[int, Meta(ge=0, description="for files that are kept in memory")] = 32 << 20
    versions: Annotated[
        Literal["name", "query", "off"], Meta(description="where URLs tell the content")
    ] = "name"
    url: Annotated[str, Meta(description="where browsers find the files, if not at the prefix")] = (
        ""
    )
    collected: Annotated[str, Meta(description="folder of `gambrel static collect`")] = ""


class StaticFiles:
    """Serve the files of a folder below `prefix`.

    `folder` is relative to the file that says so. With `index` a folder is shown by its
    `index.html`, with `listing` one that has none by a list of its files. `well_known` serves the
    folder `.well-known`, too; other hidden files, links, and whatever is no plain name are not
    there. `name` is that of the settings, by default that of the prefix. Extensions add folders
    through `STATIC_FOLDERS`; the app's own goes first.

    Raises:
        GambrelError: The prefix is none.
    """

    requires = ()

    def __init__(
        self,
        folder: str | os.PathLike[str] = "static",
        prefix: str = "/static",
        *,
        name: str = "",
        index: bool = False,
        listing: bool = False,
        well_known: bool = False,
        max_age: int = 300,
    ) -> None:
        self.folder = beside_caller(folder)
        self.prefix = checked_prefix(prefix)
        self.name = name or named(self.prefix) or "root"
        self.index = index or listing
        self.listing = listing
        self.well_known = well_known
        self.is_default = os.fspath(folder) == "static"
        self.settings = own_settings(self.name, max_age)
        self.static: Static | None = None

    def url(self, name: str) -> str:
        """Return the URL of a file. Raises GambrelError before the app is built, or as `Static`."""
        if self.static is None:
            raise GambrelError(
                "files.not-built",
                f"the URL of {name!r} was asked for before the app was built",
                f"StaticFiles, {self.folder}",
                "ask in a handler or a template, not while modules load",
            )
        return self.static.url(name)

    def install(self, setup: Setup) -> None:
        """Declare the route, the command, and what pages ask for URLs."""
        options = self.options(setup)
        given: StaticSettings = getattr(setup.settings, self.name)
        originals = Folders(self.all_folders(setup), well_known=self.well_known)
        folders, collected = originals, None
        if given.collected and not options.is_development:
            collected = Path(given.collected)
            folders = Folders([StaticFolder(collected)], well_known=self.well_known)
        site, static = Site(folders, options), Static(folders, options)
        self.static = static

        async def open_folders() -> AsyncIterator[None]:
            await in_thread(folders.check)
            if collected is not None:
                static.manifest = await in_thread(load_manifest, collected)
                site.hashed = static.manifest.names
            elif not options.is_development:
                await in_thread(static.prepare)
            yield

        setup.lifespan(open_folders)
        setup.check(lambda _app: check_folders(originals), start=False)
        serve(setup, site, self.name)
        setup.command(static_command(originals, self.prefix), name=self.name)
        if not setup.declarations.values(_SITES):
            setup.provide(Static, giver(static), "app")
            setup.add(TEMPLATE_GLOBALS, ("static", Named(static, originals)))
        setup.add(_SITES, self.name)

    def all_folders(self, setup: Setup) -> Iterator[StaticFolder]:
        """Yield the folder of the app, then those of its extensions, once all are declared."""
        others = [f for f in setup.declarations.values(STATIC_FOLDERS) if f.site == self.name]
        if not (others and self.is_default and not self.folder.is_dir()):
            yield StaticFolder(self.folder)  # an app need not have files of its own
        yield from others

    def options(self, setup: Setup) -> Options:
        """Return how the files are served, with what the settings say."""
        given: StaticSettings = getattr(setup.settings, self.name)
        return Options(
            prefix=self.prefix,
            index="index.html" if self.index else "",
            listing=self.listing,
            max_age=given.max_age,
            memory=given.memory,
            versions=given.versions,
            url=given.url,
            is_development=setup.settings.core.debug,
        )


class FrontEnd:
    """Serve the files that a front-end was built into, and its page for every path of its own.

    What the app has no route for is looked for in `folder`, relative to the file that says so. A
    browser that navigates to what is not there gets `index`, whose script knows the path; data,
    scripts, styles and whatever begins with one of `api` are 404. Names below `kept` tell their
    content and may be kept for ever: `kept="assets/"` suits Vite.

    Raises:
        GambrelError: The prefix is none.
    """

    requires = ()

    def __init__(
        self,
        folder: str | os.PathLike[str] = "dist",
        prefix: str = "/",
        *,
        name: str = "",
        index: str = "index.html",
        kept: str | Iterable[str] = (),
        api: str | Iterable[str] = ("/api",),
    ) -> None:
        self.folder = beside_caller(folder)
        self.prefix = checked_prefix(prefix)
        self.name = name or named(self.prefix) or "front_end"
        self.index = index
        self.kept = several(kept)
        self.api = several(api)
        self.settings = own_settings(self.name, 0)

    def install(self, setup: Setup) -> None:
        """Declare the route, which stands behind all others."""
        given: StaticSettings = getattr(setup.settings, self.name)
        options = Options(
            prefix=self.prefix,
            index="index.html",
            shell=self.index,
            kept=self.kept,
            excluded=self.api,
            max_age=given.max_age,
            memory=given.memory,
            url=given.url,
            is_development=setup.settings.core.debug,
        )
        folders = Folders([StaticFolder(self.folder)], well_known=True)

        async def open_front_end() -> AsyncIterator[None]:
            await in_thread(folders.check)
            yield

        setup.lifespan(open_front_end)
        setup.check(lambda _app: check_folders(folders), start=False)
        serve(setup, Site(folders, options), self.name)


def serve(setup: Setup, site: Site, name: str) -> None:
    """Declare the routes of a site: below its prefix, or behind all others at the root."""
    respond = site.respond

    def static(request: Request, path: str = "") -> Response:
        if "%" in request.raw_path and hides_slash(request.raw_path):
            raise NotFound
        return respond(request, path)

    prefix = site.options.prefix.rstrip("/")
    options: dict[str, Any] = {"hidden": True, "inline": True, "slashes": "strict"}
    router = Router(name=name)
    if site.options.shell or not prefix:
        router.fallback(static, prefix or "/", **{**options, "slashes": "ignore"})
    else:
        router.add(f"{prefix}/{{path:path}}", static, name=name, **options)
        if site.options.index:
            router.add(f"{prefix}/", static, **{**options, "slashes": "redirect"})
    setup.include(router)


def check_folders(folders: Folders) -> Iterator[Problem]:
    """Tell of a folder that is missing, and warn of files that two extensions call the same."""
    try:
        folders.check()
    except GambrelError as error:  # the start tells it, too
        yield Problem(error.code, error.what, error.hint, error.where)
    for name, found in folders.hidden():
        places = ", ".join(str(folder.path) for folder in found)
        message = f"the static file {name!r} is in several folders, and the first is served"
        hint = "give one of them an `under=`, or a file of that name to the app itself"
        yield Problem("files.hidden", message, hint, places, level=Level.WARNING)


def hides_slash(raw_path: str) -> bool:
    """Tell whether a slash of either kind was sent encoded: then it is in no name."""
    lower = raw_path.lower()
    return "%2f" in lower or "%5c" in lower


def beside_caller(folder: str | os.PathLike[str]) -> Path:
    """Return a folder as an absolute path, beside the file that makes the extension."""
    module = sys._getframe(2).f_globals  # noqa: SLF001 - no traceback for a file's name
    file = module.get("__file__")
    is_ours = str(module.get("__name__", "")).startswith("gambrel.")
    return Path(file).absolute().parent / folder if file and not is_ours else Path.cwd() / folder


def checked_prefix(prefix: str) -> str:
    """Return a prefix. Raises GambrelError unless it begins with a slash and has no parameter."""
    if not prefix.startswith("/") or "//" in prefix or "{" in prefix:
        raise GambrelError(
            "files.prefix",
            f"{prefix!r} is no prefix to serve files below",
            "StaticFiles(prefix=...)",
            'write a path that begins with a slash: "/static"',
        )
    return prefix.rstrip("/") or "/"


def named(prefix: str) -> str:
    """Return the name of a prefix, as settings are called."""
    return "_".join("".join(c if c.isalnum() else " " for c in prefix.lower()).split())


def own_settings(name: str, max_age: int) -> StaticSettings:
    """Return settings of a type of their own: an app may have several that serve files."""
    title = "".join(part.capitalize() for part in name.split("_"))
    kind: Any = defstruct(
        f"{title}Settings", (), bases=(StaticSettings,), frozen=True, kw_only=True
    )
    given: StaticSettings = kind(max_age=max_age)
    return given


def several(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return one text or several as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given)


def giver(value: Any) -> Callable[[], Any]:
    """Return a factory that gives what is there already."""

    async def give() -> Any:
        return value

    return give
