"""The order of workload W4 for every peer without a validator of its own, and filler routes.

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


def receipt(order: Order) -> dict[str, int | float]:
    total = sum(item.qty * item.price for item in order.items)
    return {"id": 1, "total": total, "count": len(order.items)}
