"""The stubs run as they are, and show what they say they show."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

from gambrel.choosing import load_guide, read_stub
from gambrel.choosing.stub import STUBS
from gambrel.cli.target import load_app
from gambrel.testing import AsyncClient, Client
from gambrel.webhooks import Webhooks
from tests.cli.processes import Started, get


@pytest.fixture
def stub(tmp_path, monkeypatch) -> Iterator[object]:
    """Write a stub to a file, and load it as `gambrel run` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def load(name):
        (tmp_path / f"stub_{name}.py").write_text(read_stub(name))
        return load_app(f"stub_{name}.py")

    yield load
    for name in [name for name in sys.modules if name.startswith("stub_")]:
        del sys.modules[name]


def test_every_workflow_has_a_stub_and_every_stub_a_workflow():
    assert {file.name.removesuffix(".py.txt") for file in STUBS.iterdir()} == set(
        load_guide().risks
    )


def test_permissions(stub):
    with Client(stub("permissions")) as client:
        statuses = [
            client.request(method, path, headers={"x-user": user} if user else {}).status_code
            for method, path, user in [
                ("GET", "/invoices/1", ""),
                ("GET", "/invoices/1", "cleo"),
                ("GET", "/invoices/2", "cleo"),
                ("DELETE", "/invoices/1", "cleo"),
                ("GET", "/invoices/2", "sam"),
                ("DELETE", "/invoices/1", "sam"),
                ("DELETE", "/invoices/1", "sam"),
            ]
        ]

    assert statuses == [401, 200, 404, 403, 200, 204, 404]


def test_contract(stub):
    with Client(stub("contract")) as client:
        wrong = {"customer": "", "lines": [{"sku": "A", "quantity": 0}]}
        refused = client.post("/v2/orders", json=wrong)
        old = client.post("/v1/orders", json={"customer": "Ann", "sku": "A", "quantity": 2})
        document = client.get("/openapi.json").json()

    assert refused.status_code == 422
    assert [fault["path"] for fault in refused.json()["errors"]] == [
        "customer",
        "lines[0].quantity",
    ]
    assert old.json() == {"customer": "Ann", "pieces": 2}
    assert document["paths"]["/v1/orders"]["post"]["deprecated"]


def test_answer(stub):
    async def leave_early(app):
        async with AsyncClient(app) as client:
            asked = {"question": "What?"}
            async with client.stream("POST", "/answers", json=asked) as answer:
                lines = answer.aiter_lines()
                first = [await anext(lines), await anext(lines)]
            for _ in range(100):
                counts = (await client.get("/stopped")).json()
                if counts["stopped"]:
                    break
                await asyncio.sleep(0.02)
            return first, counts

    first, counts = asyncio.run(leave_early(stub("answer")))

    assert first == ["event: piece", 'data: {"text":"You"}']
    assert counts == {"finished": 0, "stopped": 1}


def test_connections(stub):
    with (
        Client(stub("connections")) as client,
        client.websocket("/room") as one,
        client.websocket("/room") as other,
    ):
        one.send({"text": "hello"})
        heard = [one.receive(dict), other.receive(dict)]
        told = client.post("/say", json={"text": "to all"}).json()
        heard += [one.receive(dict), other.receive(dict)]

    assert told == {"clients": 2}
    assert [message["text"] for message in heard] == ["hello", "hello", "to all", "to all"]


def test_live(stub):
    async def watch(app):
        async with AsyncClient(app) as client, client.stream("GET", "/totals") as answer:
            await client.post("/sales?cents=250")
            lines = answer.aiter_lines()
            return {await anext(lines) for _ in range(3)}

    assert {"event: total", "data: 250"} < asyncio.run(watch(stub("live")))


def test_money(stub):
    with Client(stub("money")) as client:
        client.put("/sofa?left=2")
        statuses = [client.post("/sofa/orders").status_code for _ in range(4)]
        left = client.get("/sofa").json()

    assert statuses == [201, 201, 409, 409]
    assert left == {"name": "sofa", "left": 0}


def test_intake(stub):
    with Client(stub("intake")) as client:
        good = client.put("/prices", content="sku,price\nA,1.50\nB,cheap\n\nC,2")
        bad = client.put("/prices", content=b"sku,price\nA,\xff")

    assert good.json() == {"rows": 2, "faults": ["line 3: 'B,cheap' is no SKU and price"]}
    assert bad.status_code == 400


def test_webhook(stub):
    body = b'{"order": 7, "cents": 300}'
    headers = Webhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").sign(body)
    with Client(stub("webhook")) as client:
        sent = [
            client.post("/hooks/payments", content=body, headers=one).status_code
            for one in (headers, headers, {**headers, "webhook-signature": "v1,AAAA"})
        ]
        paid = client.get("/paid").json()

    assert sent == [204, 204, 400]
    assert paid == [7]


def test_integration(stub):
    with Client(stub("integration")) as client:
        fresh = client.get("/price/ABC").json()
        client.put("/stock-service?delay=5")
        stale = client.get("/price/ABC").json()

    assert (fresh["in_stock"], fresh["is_fresh"]) == (3, True)
    assert (stale["in_stock"], stale["is_fresh"]) == (3, False)


def test_form(stub):
    with Client(stub("form")) as client:
        wrong = client.post("/", data={"name": "A", "pieces": "2"})
        right = client.post("/", data={"name": "Ann", "pieces": "2"})
        thanks = client.get(right.headers["location"]).text

    assert wrong.status_code == 422
    assert 'value="A"' in wrong.text
    assert right.status_code == 303
    assert "Orders so far: 1." in thanks


def test_heavy(tmp_path, monkeypatch):
    """Under `gambrel run`: the worker of the stub imports its file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "prototype.py").write_text(read_stub("heavy"))
    serving = Started(["run", "prototype.py", "--port", "0"], {})
    try:
        port = serving.port()
        answers = [get(port, "/primes/30"), get(port, "/ping")]
    finally:
        serving.close()

    assert answers == [(200, "10"), (200, "pong")]
