"""T-C08-1: whatever a shared cache may keep, it never has the page of one visitor for another."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from gambrel import (
    HTML,
    App,
    BadRequest,
    Forbidden,
    NotFound,
    Response,
    Router,
    Stream,
    Unauthorized,
)
from gambrel.files import FileResponse
from gambrel.sessions import Flash, MemoryStore, Session, Sessions
from gambrel.templates import Template, Templates
from gambrel.testing import LiveServer
from tests.integration.caches import CACHES, Ask, cached

SHARED = {"cache-control": "public, max-age=3600", "expires": "Thu, 01 Jan 2099 00:00:00 GMT"}
PATHS = [
    "/reads",
    "/asks",
    "/counts",
    "/lists",
    "/pops",
    "/writes",
    "/shared",
    "/template",
    "/flashes",
    "/stream",
    "/file",
    "/fails/400",
    "/fails/401",
    "/fails/403",
    "/fails/404",
    "/fails/500",
]


pages = Router()


@pages.get("/public")
async def public() -> HTML:
    return HTML("for all", headers=SHARED)


@pages.get("/log-in/{name}")
async def log_in(name: str, session: Session, flash: Flash) -> None:
    session["name"] = name
    flash.add(f"message to {name}")


@pages.get("/reads")
async def reads(session: Session) -> str:
    return f"hello {session.get('name')}"


@pages.get("/asks")
async def asks(session: Session) -> str:
    return f"{'name' in session}"


@pages.get("/counts")
async def counts(session: Session) -> str:
    return f"{len(session)} of {session.get('name')}"


@pages.get("/lists")
async def lists(session: Session) -> str:
    return ",".join(f"{key}={value}" for key, value in session.items())


@pages.get("/pops")
async def pops(session: Session) -> str:
    return f"popped {session.pop('none', session['name'])}"


@pages.get("/writes")
async def writes(session: Session) -> str:
    session["count"] = session.get("count", 0) + 1
    return f"{session['name']} for the {session['count']}. time"


@pages.get("/shared")
async def shared(session: Session) -> Response:
    return Response(f"hello {session.get('name')}", headers=SHARED)


@pages.get("/template")
async def template(session: Session) -> Template:
    return Template("page.html", {"name": session.get("name")}, headers=SHARED)


@pages.get("/flashes")
async def flashes(flash: Flash) -> Template:
    return Template("page.html", {"name": "nobody"}, headers=SHARED)


@pages.get("/stream")
async def stream(session: Session) -> Stream:
    async def pieces() -> AsyncIterator[str]:
        yield f"hello {session.get('name')}"

    len(session)
    return Stream(pieces(), headers=SHARED)


@pages.get("/file")
async def file(app: App, session: Session) -> FileResponse:
    kept = app.settings.core.instance / f"{session['name']}.txt"
    kept.write_text(f"secret of {session['name']}")
    answer = FileResponse(kept)
    answer.headers["cache-control"] = SHARED["cache-control"]
    return answer


@pages.get("/fails/{status:int}")
async def fails(status: int, session: Session) -> None:
    kinds = {400: BadRequest, 401: Unauthorized, 403: Forbidden, 404: NotFound}
    raise kinds.get(status, RuntimeError)(f"no, {session['name']}")


def site(folder: Path, store: Any) -> App:
    page = "{% for message in flash %}{{ message.text }}{% endfor %} of {{ name }}"
    extensions = [Sessions(store=store), Templates({"page.html": page})]
    app = App(extensions=extensions, secret_keys=["x" * 40], instance=folder)
    app.include(pages)
    return app


KINDS = [pytest.param(kind, marks=pytest.mark.service(kind)) for kind in CACHES]


@pytest.fixture(scope="module", params=KINDS)
def cache(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=[None, MemoryStore], ids=["cookie", "store"])
def ask(
    request: pytest.FixtureRequest, cache: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("cache")
    store = request.param and request.param()
    with (
        LiveServer(site(folder, store)) as server,
        cached(cache, folder, int(server.url.rpartition(":")[2])) as ask,
    ):
        yield ask


def cookies_of(ask: Ask, name: str) -> str:
    _, headers, _ = ask("GET", f"/log-in/{name}")
    return "; ".join(line.partition(";")[0] for line in headers["set-cookie"].split("\n"))


def test_what_is_for_all_is_kept(ask):
    found = [ask("GET", "/public")[1]["x-cache"] for _ in range(3)]

    assert found[0] == "MISS"
    assert found[-1] == "HIT"


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_the_page_of_another(ask, path):
    ada, eve = cookies_of(ask, "ADA"), cookies_of(ask, "EVE")

    for method, headers in (("HEAD", {}), ("GET", {}), ("GET", {"range": "bytes=0-5"})):
        ask(method, path, cookie=ada, **headers)
    answers = [
        ask("GET", path, cookie=eve),
        ask("GET", path),
        ask("GET", path, cookie=eve, range="bytes=0-20"),
    ]

    for _, headers, text in answers:
        assert "ADA" not in text
        assert headers["x-cache"] != "HIT"
    again = ask("GET", path, cookie=ada)
    assert "EVE" not in again[2]


@pytest.mark.parametrize("path", ["/reads/x.css", "/reads%2fx.css", "/reads;x.css", "/reads.css"])
def test_a_page_that_passes_for_a_style_is_not_there(ask, path):
    """T-C08-4: what a cache would keep by its ending."""
    ada = cookies_of(ask, "ADA")

    status, _, text = ask("GET", path, cookie=ada)

    assert status == 404
    assert "ADA" not in text
