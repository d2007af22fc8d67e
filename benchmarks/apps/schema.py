"""The types of workload W4."""

from typing import Annotated

from msgspec import Meta, Struct


class Item(Struct):
    sku: str
    qty: Annotated[int, Meta(ge=1)]
    price: float


class Order(Struct):
    customer: str
    email: str
    items: list[Item]
    note: str | None = None


class Receipt(Struct):
    id: int
    total: float
    count: int
