"""A site with languages, for tests."""

from collections.abc import AsyncIterator, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any

from gambrel import HTML, App, NotFound, Request, Response, Router, Stream, WebSocket
from gambrel.i18n import I18n, Locale, get_timezone, gettext, lazy_gettext, locale, ngettext
from gambrel.templates import Template, Templates

LATE = lazy_gettext("Late")
PAGE = """<!doctype html><html {{ language_attributes }}><title>x</title>{{ hreflang }}
{% flush %}<p>{{ _("Late") }} {{ _("Evil") }}
{% trans day="<i>" %}Good <b>{{ day }}</b>{% endtrans %}
{% trans count=count %}{{ count }} guest{% pluralize %}{{ count }} guests{% endtrans %}
{{ 1234.5 | number }} {{ url("about") }} {{ locale.tag }} {{ timezone }}</p>
{{ language_switcher }}</html>"""


def make_site(folder: Path, **options: Any) -> App:
    """Return a site in English, German and Arabic."""
    languages = I18n("en", "de", "ar", folders=[folder], **options)
    app = App(extensions=[Templates({"page.html": PAGE}), languages])
    app.include(make_shop())
    say_words(app)
    say_more(app)
    say_in_streams(app)
    return app


def say_words(app: App) -> None:
    """Add pages with words."""

    @app.get("/")
    async def index(name: str = "Ann") -> str:
        return gettext("Hello %(name)s!", name=name)

    @app.get("/thread")
    def in_thread(number: int) -> str:
        return ngettext("%(num)s guest", "%(num)s guests", number)

    @app.get("/silent")
    async def silent() -> str:
        return "no words"

    @app.get("/json")
    async def as_json() -> dict[str, Any]:
        return {"late": LATE}

    @app.get("/own")
    async def own() -> Response:
        return Response(gettext("Late"), 200, {"content-language": "x-own", "vary": "Accept"})

    @app.get("/fails")
    async def fails() -> str:
        raise NotFound

    @app.get("/too-late-for-this")
    async def refused() -> str:
        raise NotFound(LATE)


def say_more(app: App) -> None:
    """Add pages, streams, and what is in another language."""

    @app.get("/page")
    async def page(stream: bool = False) -> Template:
        return Template("page.html", {"count": 3}, stream=stream)

    @app.get("/raw")
    async def raw() -> HTML:
        return HTML(gettext("Late"))

    @app.get("/other")
    async def other() -> str:
        with locale("ar"):
            inner = gettext("Late")
        return f"{inner} {gettext('Late')}"

    @app.get("/zone")
    async def zone() -> str:
        return str(get_timezone())

    @app.get({"en": "/about", "de": "/ueber"}, name="about")
    async def about(request: Request) -> str:
        return request.url_for("about")


def say_in_streams(app: App) -> None:
    """Add what speaks while it is sent."""

    @app.get("/lines")
    async def lines(locale: Locale) -> AsyncIterator[str]:
        yield locale.tag
        yield gettext("Late")

    @app.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        async for _ in socket:
            await socket.send(f"{gettext('Late')} {get_timezone()}")

    @app.get("/zones")
    async def zones(zone: tzinfo) -> AsyncIterator[str]:
        yield str(get_timezone() is zone)

    @app.get("/too-late")
    async def too_late() -> Stream:
        def pieces() -> Iterator[str]:
            yield "begun "
            yield gettext("Late")

        return Stream(pieces(), media_type="text/plain")


def make_shop() -> Router:
    """Return pages with the language in their paths."""
    shop = Router("/{lang}/shop")

    @shop.get({"en": "/cart", "de": "/korb"}, name="cart")
    async def cart(request: Request) -> str:
        return f"{gettext('Late')} {request.url_for('cart')} {request.url_for('item', number=3)}"

    @shop.get("/{number:int}", name="item")
    async def item(number: int) -> Template:
        return Template("page.html", {"count": number})

    return shop
