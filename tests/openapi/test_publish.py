import asyncio
import gzip
import inspect
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gambrel.conversion.schemas import json_schemas
from gambrel.core.http.errors import NotFound
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.openapi.options import Document, Selection, Server
from gambrel.openapi.page import asset_version
from gambrel.openapi.publish import Place, Publication
from tests.openapi.shop import shop_document, shop_operations


def publication(**options: Any) -> Publication:
    places = options.pop("places", {"": Place(shop_document(), "/openapi.json", "/docs")})
    return Publication(places, "/docs/assets", json_schemas, **{"public": True, **options})


def ask(
    published: Publication,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    docs: bool | None = None,
    server: tuple[str, int] | None = ("127.0.0.1", 8000),
    **params: str,
) -> Response:
    """Call the handler of a path as the app would."""
    app = SimpleNamespace(
        operations=shop_operations, settings=SimpleNamespace(core=SimpleNamespace(docs=docs))
    )
    connection: Any = SimpleNamespace(
        app=app, client=("127.0.0.1", 5000), server=server, scheme="http"
    )
    given = Headers({"host": "localhost:8000", **(headers or {})}.items())
    request = Request("GET", path, "", given, connection)
    handler = dict(published.routes())[path]
    return asyncio.run(handler(request, **params))  # type: ignore[arg-type]


def test_the_document_is_served_as_json():
    response = ask(publication(), "/openapi.json")

    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert msgspec.json.decode(response.body)["info"]["title"] == "Ridgepole Coffee"


def test_the_document_is_not_sent_again_to_who_has_it():
    published = publication()
    tag = ask(published, "/openapi.json").headers["etag"]

    response = ask(published, "/openapi.json", headers={"if-none-match": tag})

    assert (response.status, response.body) == (304, b"")
    assert response.headers["etag"] == tag


def test_the_page_comes_with_the_strictest_policy():
    response = ask(publication(), "/docs")

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_the_page_may_call_the_servers_that_the_document_names():
    document = Document(servers=["/v1", Server("https://api.example/v1")])
    published = publication(places={"": Place(document, "/openapi.json", "/docs")})

    policy = ask(published, "/docs").headers["content-security-policy"]

    assert "connect-src 'self' https://api.example;" in policy


def test_assets_are_kept_for_a_year_under_the_name_of_their_content():
    path = "/docs/assets/{version}/{file}"

    now = ask(publication(), path, version=asset_version(), file="docs.css")
    then = ask(publication(), path, version="older", file="docs.css")

    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert then.headers["cache-control"] == "no-cache"
    assert now.headers["content-type"] == "text/css; charset=utf-8"


def test_assets_are_compressed_for_who_takes_it():
    path, params = "/docs/assets/{version}/{file}", {"version": "x", "file": "docs.js"}

    plain = ask(publication(), path, **params)
    packed = ask(publication(), path, headers={"accept-encoding": "br, gzip"}, **params)

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body  # type: ignore[arg-type]
    assert plain.headers["vary"] == packed.headers["vary"] == "accept-encoding"
    assert plain.headers["etag"] != packed.headers["etag"]


@pytest.mark.parametrize("file", ["nothing.js", "../page.py", "", "__init__.py"])
def test_only_assets_are_served_as_assets(file):
    with pytest.raises(NotFound):
        ask(publication(), "/docs/assets/{version}/{file}", version="x", file=file)


def test_several_documents_hold_what_each_selects_and_their_pages_know_each_other():
    everything = Place(shop_document(), "/openapi.json", "/docs")
    orders = shop_document(title="Orders", only=Selection(tags=["Orders"]))
    places = {"": everything, "orders": Place(orders, "/openapi/orders.json", "/docs/orders")}
    published = publication(places=places)

    document = msgspec.json.decode(ask(published, "/openapi/orders.json").body)
    page = bytes(ask(published, "/docs/orders").body).decode()  # type: ignore[arg-type]

    assert list(document["paths"]) == [
        "/orders",
        "/orders/{order_id}",
        "/orders/by-number/{number}",
    ]
    assert 'data-document="../openapi/orders.json"' in page
    assert '<a href="../docs"><span>Main</span></a>' in page


def test_without_a_page_there_are_no_assets():
    published = publication(places={"": Place(Document(), "/openapi.json", "")})

    assert [path for path, _ in published.routes()] == ["/openapi.json"]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"server": ("192.0.2.1", 80)},
        {"headers": {"host": "shop.example"}},
        {"headers": {"x-forwarded-for": "192.0.2.7"}},
        {"headers": {"host": "localhost.example:8000"}},
    ],
)
def test_by_default_only_this_machine_reads_them(path, elsewhere):
    published = publication(public=None)

    assert ask(published, path).status == 200
    with pytest.raises(NotFound):
        ask(published, path, **elsewhere)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "shop.localhost"])
def test_this_machine_goes_by_several_names(host):
    response = ask(publication(public=None), "/docs", headers={"host": host}, server=None)

    assert response.status == 200


def test_the_setting_switches_them_on_and_off():
    published = publication(public=None)
    far = {"host": "shop.example"}

    assert ask(published, "/docs", docs=True, headers=far).status == 200
    with pytest.raises(NotFound):
        ask(published, "/docs", docs=False)


def test_the_argument_counts_more_than_the_setting():
    with pytest.raises(NotFound):
        ask(publication(public=False), "/docs", docs=True)


def test_what_the_guard_refuses_is_not_found():
    async def later(request: Request) -> bool:
        return "authorization" in request.headers

    def at_once(request: Request) -> bool:
        return "authorization" in request.headers

    for guard in (later, at_once):
        published = publication(guard=guard)
        with pytest.raises(NotFound):
            ask(published, "/openapi.json")
        assert ask(published, "/openapi.json", headers={"authorization": "x"}).status == 200


def test_a_document_is_built_once():
    asked = []

    def counting(types: Any, **options: Any) -> Any:
        asked.append(types)
        return json_schemas(types, **options)

    published = Publication(
        {"": Place(Document(only=Selection(prefix="/health")), "/openapi.json", "")},
        "",
        counting,  # type: ignore[arg-type]
        public=True,
    )
    ask(published, "/openapi.json")
    ask(published, "/openapi.json")

    assert len(asked) == 1


def test_handlers_have_names_and_take_the_request():
    for _, handler in publication().routes():
        assert next(iter(inspect.signature(handler).parameters)) == "request"
        assert handler.__name__.startswith("openapi_")
