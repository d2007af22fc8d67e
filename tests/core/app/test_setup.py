from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gambrel.checks import Problem
from gambrel.core.app import setup as door
from gambrel.core.app.events import AppStarted
from gambrel.core.app.points import Declarations, Point
from gambrel.core.app.settings import Settings
from gambrel.core.app.setup import Band, Setup
from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.router import Router


@dataclass
class Mailer:
    url: str = ""


def make_setup(tmp_path: Path, by: str = "blog") -> Setup:
    return Setup(Declarations(), Settings(tmp_path, {}), by)


def import_posts() -> None: ...


def only(setup: Setup, point: Point[Any]) -> Any:
    [declared] = setup.declarations.get(point)
    assert declared.by == "blog"
    assert "test_setup.py:" in declared.where
    return declared.value


def test_a_route_keeps_path_handler_methods_options_and_place(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    setup.route("/posts", import_posts, ["POST"], status=201)

    [route] = only(setup, door.ROUTERS).router.compile().routes
    assert (str(route.pattern), route.handler, route.methods) == ("/posts", import_posts, ("POST",))
    assert route.options.status == 201
    assert "test_setup.py:" in route.where


def test_a_router_is_included_under_its_prefix(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    router = Router()

    setup.include(router, "/blog")

    assert only(setup, door.ROUTERS) == door.RouterEntry(router, "/blog")


def test_a_middleware_stands_in_the_innermost_band_unless_told(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    async def passing(request: Any, call_next: Any) -> Any: ...

    setup.middleware(passing)

    assert only(setup, door.MIDDLEWARE).band is Band.APP
    assert Band.EDGE < Band.TRANSPORT < Band.SESSION < Band.AUTH < Band.APP


def test_a_provider_is_unique_by_type(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.provide(Mailer, Mailer, scope="app")

    with pytest.raises(GambrelError, match="provider Mailer is declared twice"):
        setup.provide(Mailer, Mailer)

    assert only(setup, door.PROVIDERS).scope == "app"


def test_an_override_replaces_a_provider(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.provide(Mailer, Mailer)

    setup.provide(Mailer, lambda: Mailer("test"), override=True)

    assert only(setup, door.PROVIDERS).factory().url == "test"


def test_an_error_handler_is_unique_by_type_or_status(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.on_error(404, lambda request, error: None)

    with pytest.raises(GambrelError, match="error handler 404 is declared twice"):
        setup.on_error(404, lambda request, error: None)


def test_a_lifespan_entry_knows_where_it_was_declared(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    def open_feed() -> Iterator[None]:
        yield

    setup.lifespan(open_feed)

    entry = only(setup, door.LIFESPANS)
    assert entry.open is open_feed
    assert "test_setup.py:" in entry.where


def test_a_command_is_called_like_its_function_with_dashes(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    setup.command(import_posts)

    assert only(setup, door.COMMANDS) == door.CommandEntry("import-posts", import_posts)


def test_a_check_for_deployments_is_marked(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    def check_feed(app: object) -> list[Problem]:
        return []

    setup.check(check_feed, deploy=True)

    assert only(setup, door.CHECKS).deploy is True


def test_a_listener_has_its_event_and_priority(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)

    setup.on(AppStarted, print, priority=3)

    listener = only(setup, door.LISTENERS)
    assert (listener.event, listener.hear, listener.priority) == (AppStarted, print, 3)


def test_a_response_header_is_unique_whatever_its_case(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.response_header("X-Frame-Options", "DENY")

    with pytest.raises(GambrelError, match="declared twice"):
        setup.response_header("x-frame-options", "SAMEORIGIN")


def test_settings_can_be_read_while_installing(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    setup.settings.load()

    assert setup.settings.core.debug is False


def test_the_setups_of_two_apps_share_nothing(tmp_path: Path) -> None:
    first, second = make_setup(tmp_path), make_setup(tmp_path)

    first.command(import_posts)

    assert second.declarations.values(door.COMMANDS) == []


class Pages:
    def install(self, setup: Setup) -> None: ...


def none() -> None: ...


@pytest.mark.parametrize(
    ("declare", "hint"),
    [
        (
            lambda setup: setup.middleware(Pages()),
            "it is an extension: `App(extensions=[Pages(...)])`",
        ),
        (
            lambda setup: setup.middleware(Pages),
            "it is an extension: `App(extensions=[Pages(...)])`",
        ),
        (lambda setup: setup.middleware("http"), "write `async def name(request, call_next)`"),
        (lambda setup: setup.middleware(none), "write `async def none(request, call_next)`"),
        (lambda setup: setup.on_error(404, none), "write `async def none(request, error)`"),
        (lambda setup: setup.on(AppStarted, none), "write `async def none(event)`"),
    ],
)
def test_what_cannot_be_called_is_told_where_it_is_declared(
    tmp_path: Path, declare: Any, hint: str
) -> None:
    with pytest.raises(GambrelError) as caught:
        declare(make_setup(tmp_path))

    assert (caught.value.code, caught.value.hint) == ("app.call", hint)
    assert "test_setup.py:" in caught.value.where


def test_a_scope_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GambrelError, match="no such scope") as caught:
        make_setup(tmp_path).provide(Mailer, Mailer, scope="singleton")  # type: ignore[arg-type]

    assert (caught.value.code, 'scope="app"' in caught.value.hint) == ("binding.scope", True)
