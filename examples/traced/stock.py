"""The stock: how much there is of each item. It knows nothing of who asks, but the trace."""

from typing import Any

from msgspec import Struct

from gambrel import App, NotFound
from gambrel.observability import AccessLog
from gambrel.observability.tracing import Tracing

ITEMS = {"nails": 120, "hammers": 0}


class Item(Struct):
    """An item, and how many are left of it."""

    name: str
    left: int


def make_stock(provider: Any = None) -> App:
    """Return the service."""
    stock = App(extensions=[Tracing(service="stock", provider=provider), AccessLog()])

    @stock.get("/items/{name}")
    async def item(name: str) -> Item:
        if name not in ITEMS:
            raise NotFound
        return Item(name, ITEMS[name])

    return stock


app = make_stock()
