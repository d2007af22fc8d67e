"""Nothing is global: apps live side by side in one process, and share no setting and no state."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from gambrel.core.app.app import App
from gambrel.core.app.setup import Setup
from gambrel.core.http.errors import HTTPError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from tests.core.harness import make_request, read


class Store:
    def __init__(self) -> None:
        self.seen: list[str] = []


class ShopSettings(msgspec.Struct):
    title: str = "none"


class Shop:
    """One extension, installed in several apps."""

    name = "shop"
    requires: tuple[str, ...] = ()
    settings = ShopSettings

    def install(self, setup: Setup) -> None:
        setup.provide(Store, Store, "app")
        setup.route("/{item}", show, name="item")
        setup.response_header("x-title", setup.settings.shop.title)


async def show(item: str, store: Store, settings: ShopSettings, app: App) -> list[Any]:
    await asyncio.sleep(0)
    store.seen.append(item)
    return [settings.title, store.seen, app.settings.core.debug]


def app_of(title: str, **arguments: Any) -> App:
    app = App(extensions=[SHOP], **arguments)
    app.settings.give({"shop": {"title": title}}, "test")

    @app.on_error(404)
    async def missing(request: Request, error: HTTPError) -> Response:
        return Response(f"not in {title}", 404)

    return app


SHOP = Shop()


def test_apps_in_one_process_share_nothing():
    async def main() -> list[Any]:
        apps = [app_of("one", debug=True), app_of("two"), app_of("three", tags=["t"])]
        async with AsyncExitStack() as stack:
            for app in apps:
                await stack.enter_async_context(app.running())
            answers = await asyncio.gather(
                *(app.respond(make_request(app, "GET", f"/{n}")) for n, app in enumerate(apps)),
                *(app.respond(make_request(app, "GET", "/a/b")) for app in apps),
            )
            with apps[0].override(Store, Store):
                apps[1].build()
            return [await read(answer) for answer in answers]

    answers = asyncio.run(main())

    assert [answer.json() for answer in answers[:3]] == [
        ["one", ["0"], True],
        ["two", ["1"], False],
        ["three", ["2"], False],
    ]
    assert [answer.body for answer in answers[3:]] == [
        b"not in one",
        b"not in two",
        b"not in three",
    ]
    assert [answer.header("x-title") for answer in answers[:3]] == ["one", "two", "three"]


def test_an_override_in_one_app_is_not_seen_in_another():
    class Fake(Store):
        def __init__(self) -> None:
            self.seen = ["fake"]

    async def main() -> list[Any]:
        one, two = app_of("one"), app_of("two")
        async with one.running(), two.running():
            with one.override(Store, Fake):
                answers = [await app.respond(make_request(app, "GET", "/x")) for app in (one, two)]
            return [msgspec.json.decode(answer.body)[1] for answer in answers]

    assert asyncio.run(main()) == [["fake", "x"], ["x"]]
