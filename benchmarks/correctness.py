"""What every target must answer before its speed is measured."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Final

from benchmarks.load import ORDER, WORKLOADS
from benchmarks.page import check_page, check_rows
from benchmarks.server import Server

_ORDER: Final = WORKLOADS["W4"].body
_ZERO: Final = json.dumps({**ORDER, "items": [{"sku": "A-100", "qty": 0, "price": 9.5}]}).encode()
_NO_EMAIL: Final = json.dumps({k: v for k, v in ORDER.items() if k != "email"}).encode()


@dataclass(frozen=True, slots=True)
class Expectation:
    """A request and its answer: the exact value, or, when `value` is None, any 4xx."""

    workload: str
    path: str
    body: bytes | None = None
    value: object = None

    def fault(self, server: Server) -> str | None:
        """What is wrong with the server's answer, or None."""
        method = "GET" if self.body is None else "POST"
        try:
            answer = server.fetch(method, self.path, self.body)
        except (OSError, http.client.HTTPException) as error:
            return f"{method} {self.path}: {error!r}"
        if self.value is None:
            right = 400 <= answer.status < 500
        elif isinstance(self.value, str):
            right = answer.media_type == "text/plain" and answer.body.decode() == self.value
        else:
            right = answer.media_type == "application/json" and _json(answer.body) == self.value
        if right and (self.value is None or answer.status in (200, 201)):
            return None
        sent = f" {self.body[:60].decode()}" if self.body else ""
        seen = f"{answer.status} {answer.media_type} {answer.body[:80]!r}"
        return f"{method} {self.path}{sent}: {seen}"


EXPECTATIONS: Final = (
    Expectation("W1", "/plaintext", value="Hello, World!"),
    Expectation("W2", "/json", value={"message": "Hello, World!"}),
    Expectation("W3", "/users/42?limit=5&q=abc", value={"id": 42, "limit": 5, "q": "abc"}),
    Expectation("W3", "/users/42", value={"id": 42, "limit": 10, "q": None}),
    Expectation("W3", "/users/abc"),
    Expectation("W3", "/users/42?limit=zz"),
    Expectation("W4", "/orders", _ORDER, value={"id": 1, "total": 155.75, "count": 5}),
    Expectation("W4", "/orders", _ZERO),
    Expectation("W4", "/orders", b'{"customer":'),
    Expectation("W4", "/orders", _NO_EMAIL),
)


def check(server: Server, workload: str) -> str | None:
    """The first thing the server gets wrong in this workload, or None."""
    if workload == "page":
        return check_page(server)
    if workload == "rows":
        return check_rows(server)
    for expectation in EXPECTATIONS:
        if expectation.workload == workload and (fault := expectation.fault(server)):
            return fault
    return None


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
