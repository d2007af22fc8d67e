import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.app.app import App
from gambrel.core.app.settings import CoreSettings
from gambrel.core.app.setup import Band, Setup
from gambrel.core.binding.markers import Depends
from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import HTML, Response
from gambrel.core.routing.router import Router
from tests.core.harness import ask, make_request


class Engine:
    pass


class BlogSettings(msgspec.Struct):
    title: str = "Blog"


class Blog:
    name = "blog"
    requires: tuple[str, ...] = ()
    settings = BlogSettings

    def install(self, setup: Setup) -> None:
        async def front(settings: BlogSettings) -> str:
            return settings.title

        pages = Router("/pages")
        pages.add("/{slug}", self.page)
        setup.route("/blog", front, name="blog")
        setup.include(pages, "/blog")
        setup.provide(Engine, Engine, "app")
        setup.middleware(self.mark, Band.EDGE)
        setup.response_header("x-blog", "yes")

    async def page(self, slug: str, engine: Engine) -> str:
        return slug + type(engine).__name__

    async def mark(self, request: Request, call_next: Any) -> Response:
        response = await call_next(request)
        response.headers["x-mark"] = response.headers.get("x-mark", "") + "blog"
        return response


# Extensions -----------------------------------------------------------------------------------


def test_what_an_extension_declares_is_part_of_the_app():
    app = App(extensions=[Blog()])

    assert ask(app, "GET", "/blog").body == b"Blog"
    assert ask(app, "GET", "/blog/pages/one").body == b"oneEngine"
    answer = ask(app, "GET", "/nowhere")
    assert answer.header("x-mark") == "blog"
    assert ("x-blog", "yes") in dressed(app, answer.headers)


def test_options_of_the_app_are_for_its_own_routes():
    async def stop(request: Request, call_next: Any) -> Response:
        return Response("stopped")

    app = App(extensions=[Blog()], middleware=[stop])
    app.add("/", lambda: "own")

    assert ask(app).body == b"stopped"
    assert ask(app, "GET", "/blog").body == b"Blog"


def test_middleware_stands_in_its_band_whatever_the_order_of_declaration():
    log: list[str] = []
    app = App()

    for band in (Band.APP, Band.EDGE, Band.AUTH, Band.TRANSPORT, Band.SESSION):

        async def named(request: Request, call_next: Any, name: str = band.name) -> Response:
            log.append(name)
            return await call_next(request)

        app.middleware(named, band=band)
    app.add("/", lambda: "")
    ask(app)

    assert log[:5] == ["EDGE", "TRANSPORT", "SESSION", "AUTH", "APP"]


# Providers ------------------------------------------------------------------------------------


def test_the_app_and_its_settings_are_injected():
    async def handle(app: App, core: CoreSettings) -> list[bool]:
        return [app is mine, core is mine.settings.core]

    mine = App()
    mine.add("/", handle)

    assert ask(mine).json() == [True, True]


def test_what_a_lifespan_yields_is_injected_without_a_thread():
    app = App()

    @app.lifespan
    async def open_engine() -> AsyncIterator[Engine]:
        yield Engine()

    async def handle(engine: Engine) -> list[Any]:
        return [type(engine).__name__, threading.current_thread() is threading.main_thread()]

    app.add("/", handle)

    assert ask(app).json() == ["Engine", True]
    assert not app.routes[0].endpoint.uses_threads


def test_a_provider_goes_before_a_lifespan_of_the_same_type():
    class Other(Engine): ...

    app = App()
    app.provide(Engine, Other)

    @app.lifespan
    async def open_engine() -> AsyncIterator[Engine]:
        yield Engine()

    async def handle(engine: Engine) -> str:
        return type(engine).__name__

    app.add("/", handle)

    assert ask(app).body == b"Other"


# Default header fields ------------------------------------------------------------------------


def headed() -> App:
    class Headers:
        name = "headers"
        requires = ()
        settings = None

        def install(self, setup: Setup) -> None:
            setup.response_header("X-All", "all")
            setup.response_header("x-page", "page", on="pages")
            setup.response_header("x-data", "data", on="data")
            setup.response_header("x-secure", "secure", on="https")

    app = App(extensions=[Headers()])
    app.add("/text", handler_of("text"))
    app.add("/page", handler_of(HTML("<p>")))
    app.add("/own", handler_of(Response("", headers={"x-all": "own"})))
    app.add("/none", handler_of(None))
    return app


def handler_of(value: Any) -> Any:
    async def handle():
        return value

    return handle


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/text", {"x-all": "all", "x-data": "data"}),
        ("/page", {"x-all": "all", "x-page": "page"}),
        ("/own", {"x-all": "own", "x-data": "data"}),
    ],
)
def test_every_response_has_the_default_fields_of_its_kind_once(target, expected):
    app = headed()
    response = ask(app, "GET", target)

    fields = [pair for pair in dressed(app, response.headers) if pair[0].startswith("x-")]
    assert sorted(fields) == sorted(expected.items())


def dressed(app: App, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    async def main() -> list[tuple[str, str]]:
        return app.build().dress(Response(b"", 200, fields), make_request(app))

    return asyncio.run(main())


def test_dressing_leaves_a_response_as_it_is():
    app, response = headed(), Response("")

    async def main() -> None:
        app.build().dress(response, make_request(app))

    asyncio.run(main())

    assert response.headers.pairs() == [("content-type", "text/plain; charset=utf-8")]


def test_a_baked_head_has_them_before_it_is_asked_for():
    app = headed()

    assert ask(app, "GET", "/text").header("x-all") == "all"


@pytest.mark.parametrize(("name", "value"), [("x a", "b"), ("x-a", "b\r\nx-b: c")])
def test_a_default_field_that_would_break_a_response_is_refused_at_start_up(name, value):
    class Bad:
        name = "bad"
        requires = ()
        settings = None

        def install(self, setup: Setup) -> None:
            setup.response_header(name, value)

    Bad.name = "bad"

    with pytest.raises(ValueError, match="header"):
        App(extensions=[Bad()]).build()


# Endpoints ------------------------------------------------------------------------------------


async def waiting() -> None:
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("handler", "options", "kind"),
    [
        (waiting, {}, "async"),
        (handler_of(1), {}, "inline"),
        (lambda: 1, {}, "thread"),
        (lambda: 1, {"inline": True}, "inline"),
        (lambda: (yield), {}, "inline"),
        (lambda: 1, {"middleware": [Blog().mark]}, "async"),
        (lambda: 1, {"dependencies": [Engine]}, "async"),
    ],
)
def test_an_endpoint_is_started_in_the_way_of_its_handler(handler, options, kind):
    app = App()
    app.add("/", handler, **options)

    assert app.routes[0].endpoint.kind == kind


def test_uploads_have_a_limit_of_their_own_unless_the_route_says_another():
    async def upload(file: Upload) -> None: ...

    app = App(max_upload=100)
    app.add("/", upload, ["POST"])
    app.add("/small", upload, ["POST"], max_body=5)
    app.add("/text", handler_of(1), ["POST"])

    limits = {str(route.pattern): route.endpoint.max_body for route in app.routes}
    assert limits == {"/": 100, "/small": 5, "/text": 1 << 20}


def test_a_router_has_error_handlers_for_its_routes_alone():
    async def as_text(request: Request, error: Exception) -> Response:
        return Response("of the group", 404)

    async def missing() -> None:
        raise NotFound

    group = Router("/group", errors={404: as_text})
    group.add("/", missing)
    app = App()
    app.add("/", missing)
    app.include(group)

    assert ask(app, "GET", "/group/").body == b"of the group"
    assert ask(app).json()["status"] == 404


def test_an_override_holds_for_a_time_and_for_all_routes():
    def real() -> str:
        return "real"

    async def handle(value: Annotated[str, Depends(real)]) -> str:
        return value

    app = App()
    app.add("/", handle)
    app.add("/other", handle)
    before = ask(app).body

    with app.override(real, lambda: "fake"):
        inside = [ask(app).body, ask(app, "GET", "/other").body]

    assert (before, inside, ask(app).body) == (b"real", [b"fake", b"fake"], b"real")


def test_what_is_declared_after_the_build_is_refused():
    app = App()
    app.build()

    with pytest.raises(GambrelError, match="frozen"):
        app.middleware(Blog().mark)
    with pytest.raises(GambrelError, match="frozen"):
        app.add("/", lambda: 1)


def test_an_override_of_what_nothing_depends_on_is_told():
    def real() -> str: ...
    def other() -> str: ...

    async def handle(value: Annotated[str, Depends(real)]) -> str:
        return value

    app = App()
    app.add("/", handle)
    app.build()

    with (
        pytest.raises(GambrelError, match="other was overridden") as caught,
        app.override(other, lambda: "fake"),
    ):
        pass

    assert "test_build.py:" in caught.value.where
    assert app.providers.overrides == {}


def test_an_app_that_was_built_from_overridden_settings_is_not_used_without_them():
    app = App()
    with app.settings.override(max_body=3):
        app.build()
        app.build()

    with pytest.raises(GambrelError, match="no longer are") as caught:
        app.build()

    assert caught.value.code == "settings.override"


def print_nothing() -> None: ...


@pytest.mark.parametrize(
    "options", [{"middleware": [print_nothing]}, {"errors": {404: print_nothing}}]
)
def test_what_a_route_cannot_call_is_told(options):
    app = App()

    @app.get("/", **options)
    async def home() -> str: ...

    with pytest.raises(GambrelError) as caught:
        app.build()
    assert caught.value.code == "app.call"
    assert "test_build.py:" in caught.value.where
