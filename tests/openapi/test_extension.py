import asyncio
from typing import Annotated, Any

import httpx2
import msgspec
import pytest

from gambrel.checks import Level
from gambrel.core.app.app import App
from gambrel.core.binding.markers import Depends, Header
from gambrel.core.http.errors import GambrelError
from gambrel.mounts import Mounts
from gambrel.openapi import Document, OpenAPI, Selection, api_key, bearer


class Bean(msgspec.Struct):
    name: str
    grams: int = 250


def shop(*extensions: Any) -> App:
    app = App(extensions=extensions)

    @app.get("/beans/{number:int}", tags=["Beans"])
    async def get_bean(number: int) -> Bean:
        """Show one coffee."""
        return Bean(str(number))

    @app.post("/beans", status=201)
    async def add_bean(bean: Bean) -> Bean:
        return bean

    return app


def get(app: App, *paths: str, host: str = "localhost") -> list[httpx2.Response]:
    async def ask() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=app)
        async with (
            app.running(),
            httpx2.AsyncClient(transport=transport, base_url=f"http://{host}") as client,
        ):
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


def test_an_app_serves_its_document_its_page_and_what_the_page_needs():
    document, page = get(shop(OpenAPI(title="Beans")), "/openapi.json", "/docs")
    script = page.text.split('<script src="')[1].split('"')[0]
    [asset] = get(shop(OpenAPI()), "/" + script)

    assert document.json()["info"]["title"] == "Beans"
    assert list(document.json()["paths"]) == ["/beans/{number}", "/beans"]
    assert "<h1>Beans</h1>" in page.text
    assert asset.headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_document_says_what_the_routes_do():
    [response] = get(shop(OpenAPI()), "/openapi.json")
    show = response.json()["paths"]["/beans/{number}"]["get"]
    add = response.json()["paths"]["/beans"]["post"]

    assert (show["operationId"], show["summary"]) == ("get_bean", "Show one coffee")
    assert list(show["responses"]) == ["200", "400", "404", "406", "422"]
    assert list(add["responses"]) == ["201", "400", "406", "413", "415", "422"]


def test_several_documents_have_their_own_addresses():
    posts = Document(title="Posts", only=Selection(where=lambda one: one.method == "POST"))
    app = shop(OpenAPI(title="All", documents={"posts": posts}))

    document, page = get(app, "/openapi/posts.json", "/docs/posts")

    assert list(document.json()["paths"]) == ["/beans"]
    assert "<h1>Posts</h1>" in page.text


def test_other_addresses_may_be_chosen():
    document, page, none = get(
        shop(OpenAPI(path="/api/schema.json", docs="/api/help")),
        "/api/schema.json",
        "/api/help",
        "/docs",
    )

    assert (document.status_code, page.status_code, none.status_code) == (200, 200, 404)
    assert 'data-document="schema.json"' in page.text


def test_a_page_can_be_left_out():
    document, page = get(shop(OpenAPI(docs="")), "/openapi.json", "/")

    assert (document.status_code, page.status_code) == (200, 404)


@pytest.mark.parametrize("name", ["assets", "a/b", "", "{x}"])
def test_a_document_needs_a_name_that_makes_an_address(name):
    app = shop(OpenAPI(documents={name: Document()}))

    with pytest.raises(GambrelError, match="cannot be the name of a document"):
        app.build()


def test_a_mounted_app_serves_a_page_that_finds_its_document():
    outer = App(extensions=[Mounts()])
    outer.mount("/shop", shop(OpenAPI()))

    document, page = get(outer, "/shop/openapi.json", "/shop/docs")

    assert document.status_code == 200
    assert 'data-document="openapi.json"' in page.text


def test_a_sound_app_has_no_problems():
    assert [problem.id for problem in openapi_problems(shop(OpenAPI()))] == []


def test_the_check_tells_of_an_undescribed_scheme():
    app = shop(OpenAPI(security=[{"token": []}]))

    assert [problem.id for problem in openapi_problems(app)] == ["openapi.unknown-scheme"]


def test_the_check_tells_what_cannot_stand_beside_another():
    app = shop(OpenAPI(security=[{"token": []}], security_schemes={"token": bearer()}))

    @app.get("/beans/{other:str}")
    async def other_bean(other: str) -> Bean:
        return Bean(other)

    [problem] = openapi_problems(app)
    assert problem.id == "openapi.conflict"
    assert "test_extension.py" in problem.message


def test_the_check_tells_of_a_guard_that_the_document_does_not_know():
    app = App(extensions=[OpenAPI(security_schemes={"key": api_key("X-Key"), "token": bearer()})])

    def by_key(key: Annotated[str, Header(alias="x-key")]) -> str:
        return key

    @app.get("/open")
    async def open_to_all() -> str:
        return ""

    @app.get("/told", security=["key"])
    async def told(key: Annotated[str, Depends(by_key)]) -> str:
        return key

    @app.get("/untold")
    async def untold(key: Annotated[str, Depends(by_key)]) -> str:
        return key

    @app.get("/by-token")
    async def by_token(authorization: Annotated[str, Header()]) -> str:
        return authorization

    first, second = openapi_problems(app)

    assert (first.id, first.level) == ("openapi.unguarded", Level.WARNING)
    assert first.message.startswith("GET /untold reads the key of 'key'")
    assert 'security=["key"]' in first.hint
    assert second.message.startswith("GET /by-token reads the key of 'token'")


def openapi_problems(app: App) -> list[Any]:
    return [problem for problem in app.problems() if problem.id.startswith("openapi.")]


def test_the_addresses_it_declares_are_those_it_answers_at():
    extension = OpenAPI(documents={"admin": Document()}, path="/api/openapi.json", docs="/api/docs")

    handlers = [(path, handler.__name__) for path, handler in extension._handlers().items()]
    assert list(extension._addresses()) == handlers
    assert "/api/openapi/admin.json" in extension._handlers()
