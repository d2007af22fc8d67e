"""A shop that asks a service of its own how much there is: one trace through both."""

import logging
from typing import Any

import httpx2
from msgspec import Struct

from gambrel import App, Conflict, NotFound
from gambrel.client import HTTP, HTTPClient
from gambrel.observability import AccessLog, Logging
from gambrel.observability.tracing import Tracing

log = logging.getLogger("shop")


class Item(Struct):
    """What the stock tells of an item."""

    name: str
    left: int


def make_shop(stock: str, provider: Any = None) -> App:
    """Return the shop, which asks the stock at a URL."""
    tracing = Tracing(service="shop", provider=provider)
    http = HTTP(base_url=stock, own_hosts=[httpx2.URL(stock).host])
    shop = App(extensions=[tracing, http, AccessLog(), Logging()])

    @shop.post(
        "/orders/{name}",
        responses={404: "It is not sold here.", 409: "It is sold out.", 502: "Stock is silent."},
    )
    async def order(name: str, http: HTTPClient) -> Item:
        answer = await http.get(f"/items/{name}")
        if answer.status_code == 404:
            raise NotFound(f"There is no {name}.")
        item = Item(**answer.json())
        if not item.left:
            log.warning("%s is sold out", name)
            raise Conflict(f"{name} is sold out.")
        return item

    return shop


app = make_shop("http://127.0.0.1:8001")
