"""`I18n`: the extension that gives an app its languages, and visitors theirs."""

import inspect
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from babel.messages import Catalog

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import (
    ENTRANCES,
    MESSAGES,
    TEMPLATE_FILTERS,
    TEMPLATE_GLOBALS,
    Point,
    Problem,
    Setup,
)
from gambrel.headers import add_vary
from gambrel.i18n.catalogs import DOMAIN, SCRIPTS, Folder, load_messages
from gambrel.i18n.checks import problems_of
from gambrel.i18n.filters import FILTERS
from gambrel.i18n.languages import Languages, open_languages
from gambrel.i18n.locales import Locale, parse_locale
from gambrel.i18n.pages import Pages
from gambrel.i18n.scripts import ScriptMessages
from gambrel.i18n.tools.commands import Workshop, i18n_command
from gambrel.i18n.tools.extract import gather, gather_scripts
from gambrel.i18n.visit import ORDER, Choice, Visit
from gambrel.i18n.zones import zone_of
from gambrel.wording import SPEAKER

__all__ = ["MESSAGE_CATALOGS", "I18n"]

MESSAGE_CATALOGS: Point[Path] = Point("folder of catalogs")
"""The folder of an extension's catalogs. What the app says itself goes before."""
CallNext = Callable[[Request], Any]


class I18n:
    """Speak the languages of visitors: `I18n("en", "de", "ar")`.

    The first language is for whoever wants none of them. Messages are in the language `source`,
    their translations in `folders`, relative to the file that this is written in: `locales` unless
    others are named. A language is looked for as `order` says: in the URL, in a cookie, with the
    `user` (a function from the request to a tag or None), in the header `Accept-Language`. Times
    are in the zone of the visitor, which `user_timezone` or a cookie tells, else in `timezone`.
    `cookies` are the names of both; the second may be empty. Visitors choose below `prefix`.

    Raises GambrelError for a tag that is no locale, an unknown zone, and a `user` that is async.
    """

    name = "i18n"
    requires = ()
    settings = None

    def __init__(
        self,
        *locales: str,
        folders: Sequence[str | Path] = ("locales",),
        source: str = "en",
        order: Sequence[str] = ORDER,
        cookies: tuple[str, str] = ("locale", "tz"),
        user: Callable[[Request], str | None] | None = None,
        timezone: str | tzinfo = "UTC",
        user_timezone: Callable[[Request], str | None] | None = None,
        prefix: str = "/_i18n",
    ) -> None:
        for ask in filter(inspect.iscoroutinefunction, (user, user_timezone)):
            what, hint = f"{ask!r} is async, and a page cannot wait for it", "make it a plain `def`"
            raise GambrelError("i18n.order", what, "I18n(...)", hint)
        unknown = set(order) - set(ORDER)
        if unknown:
            what = f"{', '.join(sorted(map(repr, unknown)))} says nothing of languages"
            hint = f"use some of {', '.join(ORDER)}"
            raise GambrelError("i18n.order", what, "I18n(order=...)", hint)
        self.locales = [parse_locale(tag) for tag in dict.fromkeys(locales or (source,))]
        self.source = parse_locale(source).language
        self.beside = folder_of(sys._getframe(1).f_code.co_filename)  # noqa: SLF001
        self.folders = [Folder(Path(self.beside, folder), "app") for folder in folders]
        self.choice = Choice(tuple(order), *cookies, user, user_timezone)
        self.zone = zone_of(timezone)
        self.pages = Pages(self.locales, self.choice, prefix.rstrip("/"))
        self.scripts = ScriptMessages(prefix.rstrip("/"))
        self.languages: Languages | None = None

    def install(self, setup: Setup) -> None:
        """Declare what looks at requests, what templates have, and the commands."""
        setup.lifespan(self.opened)
        setup.add(ENTRANCES, self.enter)
        setup.provide(Locale, locale_of)
        setup.provide(tzinfo, timezone_of)
        for name, make in self.pages.makers.items():
            setup.add(TEMPLATE_GLOBALS, (name, make))
        for entry in FILTERS.items():
            setup.add(TEMPLATE_FILTERS, entry)
        setup.add(TEMPLATE_GLOBALS, ("script_messages", self.scripts.tag))
        setup.route(self.pages.path, self.pages.choose, ["POST"], hidden=True)
        setup.route(f"{self.scripts.prefix}/{{file}}", self.scripts.send, hidden=True)
        setup.command(i18n_command(Workshop(self.folders, self.gather, self.inspect)), "i18n")
        setup.check(self.check, start=False)

    def all_folders(self, app: Any) -> list[Folder]:
        """Return the folders of catalogs, those of the app last: they go before the others."""
        others = [Folder(Path(d.value), d.by) for d in app.declarations.get(MESSAGE_CATALOGS)]
        return [*others, *self.folders]

    async def opened(self, app) -> AsyncIterator[Languages]:  # type: ignore[no-untyped-def]  # of any kind
        """Read the catalogs, and keep the languages while the app runs. Raises GambrelError."""
        languages = open_languages(self.locales, self.all_folders(app), self.source, self.zone)
        self.pages.localise(app.routes)
        self.scripts.load(
            (one.tag, load_messages(self.all_folders(app), one.folders, SCRIPTS)[0])
            for one in self.locales
        )
        self.languages = languages
        yield languages

    def gather(self, app: Any) -> dict[str, Catalog]:
        """Return all texts of the app, in code and templates; apart those in scripts, if any."""
        app.build()
        others = (text for find in app.declarations.values(MESSAGES) for text in find(app))
        found = {DOMAIN: gather(self.beside, others), SCRIPTS: gather_scripts(self.beside)}
        return {domain: texts for domain, texts in found.items() if texts or domain == DOMAIN}

    def inspect(self, app: Any) -> Iterator[Problem]:
        """Yield what is wrong with the catalogs of the app, and what they lack."""
        for domain, template in self.gather(app).items():
            yield from problems_of(self.locales, self.source, self.folders, template, domain)

    def check(self, app: Any) -> Iterator[Problem]:
        """Yield what is wrong with the catalogs, for `gambrel check`."""
        yield from self.inspect(app) if self.folders else ()

    # Requests -----------------------------------------------------------------------------------

    def enter(self, request: Request) -> Any:
        """Let whoever wants to know find out the language of a request."""
        languages = self.languages
        if languages is None:
            return None
        SPEAKER.set(Visit(request, languages, self.choice))
        tag = (request.params or {}).get("lang")
        if tag is not None and isinstance(tag, str) and languages.find(tag) is None:
            return refuse
        return tell


async def tell(request: Request, call_next: CallNext) -> Response:
    """Say in the head of an answer which language it has, and what that depends on."""
    visit = SPEAKER.get()
    response: Response = await call_next(request)
    if not isinstance(visit, Visit):
        return response
    if response.opens:
        visit.settle()  # a socket is asked for nothing any more, and kept by no cache
        return response
    if response.is_streaming and "text/html" in response.headers.get("content-type", ""):
        visit.settle()  # a page has a language, and will ask when it is too late
    visit.is_late = response.is_streaming  # any other is whole: a task that it has begun may ask
    if visit.chosen is not None:
        response.headers.setdefault("content-language", visit.chosen.tag)
    if visit.asked:
        add_vary(response.headers, *visit.asked)
    return response


async def refuse(_request: Request, _call_next: CallNext) -> Response:
    """Answer a path in a language that the app does not have."""
    raise NotFound


async def locale_of(_request: Request) -> Locale:
    """Return the locale of a request, for its handler."""
    visit: Any = SPEAKER.get()
    found: Locale = visit.language.locale
    return found


async def timezone_of(_request: Request) -> tzinfo:
    """Return the time zone of a request, for its handler."""
    visit: Any = SPEAKER.get()
    found: tzinfo = visit.zone
    return found


def folder_of(file: str) -> Path:
    """Return the folder of a file, or the working directory for what was typed."""
    return Path.cwd() if file.startswith("<") else Path(file).absolute().parent
