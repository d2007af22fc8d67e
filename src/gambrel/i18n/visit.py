"""`Visit`: the language and time zone of one request, found out when they are first wanted.

It notes what it has looked at, so that caches are told; a request that wants no language costs an
object, and its answer says nothing of languages.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import tzinfo

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.core.http.request import Request
from gambrel.i18n.languages import Language, Languages
from gambrel.i18n.zones import find_zone

__all__ = ["ORDER", "Choice", "Visit"]

_log = logging.getLogger("gambrel.i18n")
ORDER = ("url", "cookie", "user", "header")
Ask = Callable[[Request], str | None]


class Choice(Struct, frozen=True):
    """How languages and zones are chosen: where to look, in which order, and who else to ask."""

    order: Sequence[str]
    cookie: str
    zone_cookie: str
    user: Ask | None
    user_zone: Ask | None


class Visit:
    """Who is spoken to in a request."""

    __slots__ = ("_language", "_zone", "asked", "choice", "is_late", "languages", "request")

    def __init__(self, request: Request, languages: Languages, choice: Choice) -> None:
        self.request = request
        self.languages = languages
        self.choice = choice
        self.asked: list[str] = []
        """The request headers that were looked at."""
        self.is_late = False
        """Whether the head of the answer has left."""
        self._language: Language | None = None
        self._zone: tzinfo | None = None

    @property
    def language(self) -> Language:
        """The language. Raises GambrelError where caches cannot be told of it any more."""
        found = self._language
        if found is None:
            self.refuse_late()
            found = self._language = self.find_language()
        return found

    @property
    def zone(self) -> tzinfo:
        """The time zone. Raises as `language`."""
        found = self._zone
        if found is None:
            self.refuse_late()
            found = self._zone = self.find_zone()
        return found

    def zone_named(self, name: str) -> tzinfo | None:
        """Return a time zone by its name, None for what is none."""
        return find_zone(name)

    def settle(self) -> None:
        """Find out both now."""
        self._language, self._zone = self.language, self.zone

    @property
    def chosen(self) -> Language | None:
        """The language, if anybody has wanted it."""
        return self._language

    def find_language(self) -> Language:
        """Ask one after the other."""
        for name in self.choice.order:
            found: Language | None = getattr(self, f"by_{name}")()
            if found is not None:
                return found
        return self.languages.default

    def by_url(self) -> Language | None:
        """Return the language of the route, or of the parameter `lang` of its path."""
        request = self.request
        tag = getattr(request.route, "locale", "") or (request.params or {}).get("lang", "")
        return self.languages.find(str(tag)) if tag else None

    def by_cookie(self) -> Language | None:
        """Return the language that the visitor has chosen."""
        tag = self.cookie(self.choice.cookie)
        return self.languages.find(tag) if tag else None

    def by_user(self) -> Language | None:
        """Return the language that the app knows of its user."""
        tag = self.ask(self.choice.user)
        return self.languages.nearest(tag) if tag else None

    def by_header(self) -> Language | None:
        """Return the language that the browser prefers."""
        self.note("accept-language")
        given = ", ".join(self.request.headers.get_all("accept-language"))
        try:
            return self.languages.accepted(given)
        except BadRequest:
            return None  # it was a wish

    def find_zone(self) -> tzinfo:
        """Return the zone that the user has, or the browser, or the app."""
        name = self.ask(self.choice.user_zone)
        zone = find_zone(name) if name else None
        if zone is None and self.choice.zone_cookie:
            name = self.cookie(self.choice.zone_cookie)
            zone = find_zone(name) if name else None
        return zone or self.languages.zone

    def ask(self, ask: Ask | None) -> str | None:
        """Return what the app knows of its user, who comes by a cookie or with a token."""
        if ask is None:
            return None
        self.note("cookie")
        self.note("authorization")
        try:
            found = ask(self.request)
            return None if found is None else str(found)
        except Exception:  # the page of an error has a language, too
            _log.exception("%r failed, and nobody knows what the user prefers", ask)
            return None

    def cookie(self, name: str) -> str:
        """Return the value of a cookie."""
        self.note("cookie")
        return self.request.cookies.get(name, "").replace("%2F", "/")

    def note(self, header: str) -> None:
        """Note that a header was looked at."""
        if header not in self.asked:
            self.asked.append(header)

    def refuse_late(self) -> None:
        """Raise GambrelError where the head of the answer has left."""
        if self.is_late:
            what = "a language or time zone was first wanted after the head of its answer had left"
            hint = "take `locale: Locale` or `zone: tzinfo` in the handler: it is found out before"
            raise GambrelError(
                "i18n.too-late", what, getattr(self.request.route, "where", ""), hint
            )
