import json
from typing import Annotated, Any

import pytest
from jsonschema import Draft7Validator
from msgspec import Meta, Struct

from gambrel import App, Header, Path, WebSocket
from gambrel.conversion.schemas import json_schemas
from gambrel.openapi import Document, OpenAPI, Selection, Server, api_key, bearer, oauth2
from gambrel.openapi.sockets import build_sockets, export_sockets
from gambrel.testing import Client
from tests.conftest import NODE_MODULES

FLOWS = {
    "clientCredentials": {"tokenUrl": "https://shop.example/token", "scopes": {"read": "look"}}
}


class Bid(Struct):
    """What somebody offers."""

    amount: Annotated[int, Meta(ge=1)]


class Sold(Struct):
    """Who has it."""

    name: str


def auction() -> App:
    app = App(
        extensions=[
            OpenAPI(
                title="Auction",
                servers=[Server("https://shop.example/api", "live"), "/here", "http://[::1]:8000"],
                security=[{"token": []}],
                security_schemes={
                    "token": bearer(),
                    "key": api_key("x-key"),
                    "login": oauth2(FLOWS),
                },
            )
        ]
    )

    @app.websocket("/lots/{id}/bids", tags=["bids"], extra={"sends": Sold}, security=[{"key": []}])
    async def bids(
        ws: WebSocket[Bid],
        lot: Annotated[int, Path(alias="id", description="Its number.")],
        agent: Annotated[str, Header(alias="x-agent")],
        limit: int = 10,
    ) -> None:
        """Bid for a lot.

        Until it is sold.
        """

    @app.websocket("/raw")
    async def raw(ws: WebSocket) -> None: ...

    @app.websocket("/bytes", extra={"sends": None})
    async def octets(ws: WebSocket[bytes]) -> None: ...

    @app.websocket("/hidden", hidden=True)
    async def hidden(ws: WebSocket[str]) -> None: ...

    @app.get("/lots")
    async def lots() -> list[Sold]:
        return []

    return app


def document_of(app: App) -> dict[str, Any]:
    with Client(app) as client:
        found: dict[str, Any] = client.get("/asyncapi.json").json()
    return found


def test_a_socket_is_a_channel_with_messages_both_ways():
    document = document_of(auction())
    channel = document["channels"]["bids"]

    assert list(document["channels"]) == ["bids", "raw", "octets"]
    assert channel["address"] == "/lots/{id}/bids"
    assert (channel["summary"], channel["description"]) == ("Bid for a lot.", "Until it is sold.")
    assert channel["parameters"] == {"id": {"description": "Its number."}}
    assert channel["tags"] == [{"name": "bids"}]
    assert channel["messages"] == {
        "received": {
            "contentType": "application/json",
            "payload": {"$ref": "#/components/schemas/Bid"},
        },
        "sent": {
            "contentType": "application/json",
            "payload": {"$ref": "#/components/schemas/Sold"},
        },
    }
    assert sorted(document["components"]["schemas"]) == ["Bid", "Sold"]
    assert channel["bindings"]["ws"]["query"]["properties"]["limit"]["default"] == 10
    assert channel["bindings"]["ws"]["headers"]["required"] == ["x-agent"]


def test_what_the_app_does_is_an_operation():
    operations = document_of(auction())["operations"]

    assert operations["bids_receive"]["action"] == "receive"
    assert operations["bids_send"]["messages"] == [{"$ref": "#/channels/bids/messages/sent"}]
    assert operations["bids_send"]["security"] == [{"$ref": "#/components/securitySchemes/key"}]
    assert operations["raw_send"]["security"] == [{"$ref": "#/components/securitySchemes/token"}]
    assert "octets_send" not in operations


def test_servers_are_those_with_a_host():
    assert document_of(auction())["servers"] == {
        "server1": {
            "host": "shop.example",
            "pathname": "/api",
            "protocol": "wss",
            "description": "live",
        },
        "server3": {"host": "[::1]:8000", "protocol": "ws"},
    }


def test_security_schemes_are_those_of_asyncapi():
    schemes = document_of(auction())["components"]["securitySchemes"]

    assert schemes["key"] == {"type": "httpApiKey", "in": "header", "name": "x-key"}
    assert schemes["token"]["scheme"] == "bearer"
    flow = schemes["login"]["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": "https://shop.example/token", "availableScopes": {"read": "look"}}
    mutual = Document(security_schemes={"card": {"type": "mutualTLS"}})
    built = build_sockets([], json_schemas, mutual)
    assert built["components"]["securitySchemes"]["card"] == {"type": "X509"}


def test_sockets_are_not_in_the_openapi_document():
    with Client(auction()) as client:
        assert list(client.get("/openapi.json").json()["paths"]) == ["/lots"]


def test_an_app_without_sockets_has_an_empty_document():
    assert document_of(App()) == {
        "asyncapi": "3.0.0",
        "info": {"title": "API", "version": "0.1.0"},
        "defaultContentType": "application/json",
        "channels": {},
    }


def test_a_selection_holds_for_sockets_too():
    only = Document(only=Selection(tags=["bids"]))
    built = build_sockets(auction().operations(), json_schemas, only)

    assert list(built["channels"]) == ["bids"]


def test_the_same_app_gives_the_same_bytes():
    first, second = (
        export_sockets(auction().operations(), json_schemas, indent=2) for _ in range(2)
    )

    assert first == second
    assert first.endswith(b"}\n")


def test_a_route_may_lay_something_over():
    app = App()

    @app.websocket("/raw", extra={"asyncapi": {"x-owner": "us"}})
    async def raw(ws: WebSocket) -> None: ...

    assert document_of(app)["operations"]["raw_receive"]["x-owner"] == "us"


@pytest.mark.service("node")
@pytest.mark.parametrize("app", [auction(), App()], ids=["auction", "empty"])
def test_it_is_valid_asyncapi(app: App):
    folder = NODE_MODULES / "@asyncapi/specs/schemas"
    schema = json.loads((folder / "3.0.0-without-$id.json").read_text())

    assert list(Draft7Validator(schema).iter_errors(document_of(app))) == []


def test_strangers_do_not_see_it():
    with Client(auction(), base_url="http://shop.localhost") as client:
        forwarded = {"x-forwarded-for": "192.0.2.1"}
        assert client.get("/asyncapi.json", headers=forwarded).status_code == 404


def test_the_page_leads_to_it_where_there_is_something_to_see():
    link = '<a href="asyncapi.json">'
    hidden = App()

    @hidden.websocket("/hidden", hidden=True)
    async def no_channel(ws: WebSocket[str]) -> None: ...

    elsewhere = App(extensions=[OpenAPI(sockets="")])

    @elsewhere.websocket("/raw")
    async def no_document(ws: WebSocket) -> None: ...

    def page_of(app: App) -> str:
        with Client(app) as client:
            return client.get("/docs").text

    assert link in page_of(auction())
    assert link not in page_of(hidden)
    assert "AsyncAPI" not in page_of(elsewhere)
