"""What peers without parts of their own share: the order of W4, W3 read by hand, filler routes.

msgspec is the fastest choice a user of such a framework has, so it is used for all of them.
"""

import os

import msgspec
from schema import Order

MEASURED_ROUTES = 4
SECTIONS = [
    f"section{number}"
    for number in range(int(os.environ.get("BENCH_ROUTES", MEASURED_ROUTES)) - MEASURED_ROUTES)
]
Invalid = (msgspec.ValidationError, msgspec.DecodeError)
decode = msgspec.json.Decoder(Order).decode
encode = msgspec.json.Encoder().encode


def receipt(order: Order) -> dict[str, int | float]:
    total = sum(item.qty * item.price for item in order.items)
    return {"id": 1, "total": total, "count": len(order.items)}


def user(rest: str, query: str) -> bytes:
    limit, q = 10, None
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "limit":
            limit = int(value)
        elif name == "q":
            q = value
    return encode({"id": int(rest), "limit": limit, "q": q})
