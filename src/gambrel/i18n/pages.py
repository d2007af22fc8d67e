"""What pages have with languages: who speaks which, where the same page is in another, a switch.

`{{ language_attributes }}` belongs into `<html>`, `{{ hreflang }}` into its head, and
`{{ language_switcher }}` where visitors look for it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gambrel.core.http.errors import GambrelError, Unprocessable
from gambrel.core.http.query import build_query
from gambrel.core.http.request import Request
from gambrel.core.http.response import Redirect
from gambrel.core.http.url import safe_redirect
from gambrel.i18n.locales import Locale
from gambrel.i18n.visit import Choice
from gambrel.markup import Markup, element, join
from gambrel.origins import OriginGuard
from gambrel.wording import SPEAKER, say

__all__ = ["Other", "Pages"]

YEAR = 365 * 86_400


class Other(Struct, frozen=True):
    """A language that a page may be in; `url` is that page, if it has a URL of its own there."""

    tag: str
    name: str
    direction: str
    url: str
    is_current: bool


class Pages:
    """What templates are given, and the answer to who chooses a language."""

    def __init__(self, locales: Sequence[Locale], choice: Choice, prefix: str) -> None:
        self.locales = locales
        self.choice = choice
        self.path = f"{prefix}/locale"
        self.guard = OriginGuard(allow_unknown=True)
        self.makers = {
            "hreflang": self.alternates,
            "language_attributes": self.attributes,
            "language_switcher": self.switcher,
            "languages": self.others,
            "locale": lambda _request: locale_now(),
            "timezone": lambda _request: speaker_now().zone,
        }

    def localise(self, routes: Iterable[Any]) -> None:
        """Let the URLs of routes with a language be built in the language of now.

        They have it from their defaults, so that `url_for` needs no other rule; those that say one
        themselves keep it.
        """
        for route in routes:
            if (route.locale or "lang" in route.names) and "lang" not in route.options.defaults:
                defaults = {**route.options.defaults, "lang": tag_now}
                route.options = replace(route.options, defaults=defaults)

    # What templates have ------------------------------------------------------------------------

    def attributes(self, _request: Request) -> Markup:
        """Return the attributes of `<html>`: language, direction, and a cookie for the zone."""
        language = speaker_now().language
        zone = f' data-timezone-cookie="{self.choice.zone_cookie}"' * bool(self.choice.zone_cookie)
        return Markup(f'lang="{language.tag}" dir="{language.direction}"{zone}')

    def others(self, request: Request) -> list[Other]:
        """Return all languages, with the URL of this page in them where it has several."""
        current = speaker_now().language.tag
        return [
            Other(
                locale.tag,
                locale.name,
                locale.direction,
                self.url_in(request, locale.tag),
                locale.tag == current,
            )
            for locale in self.locales
        ]

    def url_in(self, request: Request, tag: str) -> str:
        """Return the URL of this page in a language; empty where it is the same in all."""
        route = request.route
        if route is None or not (route.locale or "lang" in route.names):
            return ""
        given = {n: v for n, v in (request.params or {}).items() if n != "lang"}
        try:
            url = request.url_for(route.name, **{**given, "lang": tag})
        except GambrelError:  # it has no way of being built
            return ""
        query = build_query(request.query.pairs())
        return f"{url}?{query}" if query else url

    def alternates(self, request: Request) -> Markup:
        """Return the links for search engines, where this page has a URL for each language."""
        links = [(one.tag, one.url) for one in self.others(request)]
        if not all(url for _, url in links):
            return Markup()
        origin = request.url.origin
        return join(
            element("link", rel="alternate", hreflang=tag, href=origin + url)
            for tag, url in [*links, ("x-default", links[0][1])]
        )

    def switcher(self, request: Request) -> Markup:
        """Return a list of the languages: links where the URL tells them, else buttons."""
        others = self.others(request)
        items = [self.item(one) for one in others]
        label = say("Language")
        if all(one.url for one in others):
            return element("nav", element("ul", *items), class_="languages", aria_label=label)
        query = f"?{request.query_string}" if request.query_string else ""
        here = element(
            "input", type="hidden", name="next", value=request.root_path + request.raw_path + query
        )
        return element(
            "form",
            here,
            element("ul", *items),
            method="post",
            action=request.root_path + self.path,
            class_="languages",
            aria_label=label,
        )

    def item(self, one: Other) -> Markup:
        """Return one language of the list, in its own words."""
        own: dict[str, Any] = {"lang": one.tag, "dir": one.direction}
        own["aria_current"] = "true" if one.is_current else None
        if one.url:
            return element("li", element("a", one.name, href=one.url, hreflang=one.tag, **own))
        return element(
            "li", element("button", one.name, type="submit", name="locale", value=one.tag, **own)
        )

    # Who chooses ---------------------------------------------------------------------------------

    async def choose(self, request: Request) -> Redirect:
        """Remember the language that a visitor has chosen, and go back to the page.

        Raises Forbidden for pages of other sites, and Unprocessable for what is no language here.
        """
        self.guard.check(request)
        form = await request.form()
        wanted = str(form.get("locale") or "")
        tag = next((one.tag for one in self.locales if one.tag == wanted), "")
        if not tag:
            raise Unprocessable("This site does not have that language.")
        answer = Redirect(safe_redirect(str(form.get("next") or "/")), 303)
        secure = request.scheme == "https"
        answer.set_cookie(self.choice.cookie, tag, max_age=YEAR, secure=secure)
        return answer


def speaker_now() -> Any:
    """Return who is spoken to; requests always have one."""
    return SPEAKER.get()


def locale_now() -> Locale:
    """Return the locale of now."""
    found: Locale = speaker_now().language.locale
    return found


def tag_now() -> str:
    """Return the tag of the language of now; empty where there is none."""
    speaker = SPEAKER.get()
    return "" if speaker is None else speaker.language.tag
