import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gambrel import App, Conflict, Depends, GambrelError, Request
from gambrel.testing import AsyncClient, Client
from gambrel.webhooks import Delivery, WebhookRefused, Webhooks

OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 24).decode()


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Payment(Struct):
    cents: int


def test_the_example_of_the_specification_is_signed_alike():
    clock = Clock()
    clock.now = 1614265330
    hooks = Webhooks("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", clock=clock)

    headers = hooks.sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek")

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary())
def test_what_is_signed_is_genuine_and_nothing_else(body):
    hooks = Webhooks([NEW])
    headers = hooks.sign(body)

    assert hooks.verify(headers, body) == headers["webhook-id"]
    with pytest.raises(WebhookRefused):
        hooks.verify(headers, body + b"x")


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()
    )
)
def test_any_other_header_is_refused(headers):
    with pytest.raises(WebhookRefused):
        Webhooks([NEW]).verify(headers, b"{}")


@pytest.mark.parametrize("field", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_part_is_signed(field):
    hooks = Webhooks([NEW])
    headers = hooks.sign(b"{}", "msg_1")
    changed = {"webhook-id": "msg_2", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}

    for value in (changed[field], ""):
        with pytest.raises(WebhookRefused):
            hooks.verify({**headers, field: value}, b"{}")


def test_a_secret_is_changed_without_a_gap():
    before, between, after = Webhooks(OLD), Webhooks([NEW, OLD]), Webhooks([NEW])

    assert between.verify(before.sign(b"x", "m"), b"x") == "m"
    assert after.verify(between.sign(b"x", "m"), b"x") == "m"
    with pytest.raises(WebhookRefused):
        after.verify(before.sign(b"x", "m"), b"x")


def test_one_of_several_signatures_is_enough_and_other_versions_are_none():
    hooks = Webhooks([NEW])
    headers = hooks.sign(b"x", "m")
    own = headers["webhook-signature"]

    assert hooks.verify({**headers, "webhook-signature": f"v1a,AAAA v1,BBBB {own}"}, b"x") == "m"
    with pytest.raises(WebhookRefused):
        hooks.verify({**headers, "webhook-signature": own.replace("v1,", "v2,")}, b"x")


@pytest.mark.parametrize("passed", [-301, 301])
def test_what_was_not_sent_just_now_is_refused(passed):
    clock = Clock()
    hooks = Webhooks([NEW], clock=clock)
    headers = hooks.sign(b"x")
    clock.now += passed

    with pytest.raises(WebhookRefused, match="just now"):
        hooks.verify(headers, b"x")


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_!", base64.b64encode(b"x" * 23).decode(), "é" * 40]
)
def test_a_secret_that_is_none_is_told(secret):
    with pytest.raises(GambrelError) as told:
        Webhooks([secret])

    assert told.value.code == "webhooks.secret"
    with pytest.raises(GambrelError):
        Webhooks([])


def test_a_message_cut_elsewhere_is_another_and_not_genuine():
    clock = Clock()
    hooks = Webhooks([NEW], clock=clock)
    sent = str(int(clock.now))
    headers = hooks.sign(f"{sent}.5".encode(), "msg")

    with pytest.raises(WebhookRefused):
        hooks.verify({**headers, "webhook-id": f"msg.{sent}"}, b"5")
    assert hooks.verify(hooks.sign(b"5", "shop.msg_1"), b"5") == "shop.msg_1"


def test_an_id_that_no_header_can_hold_is_refused():
    with pytest.raises(ValueError, match="id"):
        Webhooks([NEW]).sign(b"x", "a\r\nb: c")


def test_ids_are_remembered_while_their_messages_may_come_again():
    clock = Clock()
    hooks = Webhooks([NEW], tolerance=10, clock=clock)

    def is_repeated() -> bool:
        with hooks.handling("a") as found:
            return found

    assert [is_repeated(), is_repeated()] == [False, True]
    clock.now += 21
    assert not is_repeated()


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
def test_an_id_whose_handling_fails_is_new_again(error):
    hooks = Webhooks([NEW])

    with pytest.raises(error), hooks.handling("a"):
        raise error

    with hooks.handling("a") as is_repeated:
        assert not is_repeated


def test_an_id_that_is_being_handled_is_not_handled_twice():
    hooks = Webhooks([NEW])

    with hooks.handling("a"), pytest.raises(Conflict, match="being handled"), hooks.handling("a"):
        pass
    with hooks.handling("a") as is_repeated:
        assert is_repeated


def test_ids_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("gambrel.webhooks._SEEN", 100)
    hooks = Webhooks([NEW])
    for number in range(1_000):
        with hooks.handling(str(number)) as is_repeated:
            assert not is_repeated

    assert len(hooks._done) == 100


def shop(hooks: Webhooks) -> App:
    app = App()

    @app.post("/hooks/payments")
    async def paid(request: Request) -> str:
        async with hooks.receive(request, type=Payment) as delivery:
            return "again" if delivery.is_repeated else f"{delivery.id} {delivery.event.cents}"

    return app


def test_a_handler_gets_the_event_once():
    hooks = Webhooks([NEW])
    body = b'{"cents":300}'
    with Client(shop(hooks)) as client:

        def post(body: bytes, headers: dict[str, str]) -> tuple[int, str]:
            answer = client.post("/hooks/payments", content=body, headers=headers)
            return answer.status_code, answer.text

        first = post(body, hooks.sign(body, "msg_1"))
        second = post(body, hooks.sign(body, "msg_1"))
        forged = post(b'{"cents":1}', hooks.sign(body, "msg_2"))
        wrong = post(b'{"cents":"x"}', hooks.sign(b'{"cents":"x"}', "msg_3"))

    assert first == (200, "msg_1 300")
    assert second == (200, "again")
    assert forged[0] == 400
    assert "does not match" in forged[1]
    assert wrong[0] == 400


def test_what_failed_is_done_when_it_comes_again():
    hooks, done, failures = Webhooks([NEW]), [], ["the database is away"]
    app = App()

    @app.post("/hooks/payments")
    async def paid(request: Request) -> None:
        async with hooks.receive(request, type=Payment) as delivery:
            if not delivery.is_repeated:
                if failures:
                    raise RuntimeError(failures.pop())
                done.append(delivery.event.cents)

    body = b'{"cents":300}'
    with Client(app, raise_server_errors=False) as client:
        statuses = [
            client.post("/hooks/payments", content=body, headers=hooks.sign(body, "m")).status_code
            for _ in range(3)
        ]

    assert statuses == [500, 204, 204]
    assert done == [300]


def test_a_delivery_that_is_a_dependency_is_done_when_all_has_gone_well():
    hooks, seen, failures = Webhooks([NEW]), [], ["the commit fails"]
    app = App()

    async def delivery(request: Request) -> AsyncIterator[Delivery[Payment]]:
        async with hooks.receive(request, type=Payment) as found:
            yield found

    async def transaction() -> AsyncIterator[str]:
        yield "open"
        if failures:
            raise RuntimeError(failures.pop())

    @app.post("/hooks/payments")
    async def paid(
        _transaction: Annotated[str, Depends(transaction)],
        found: Annotated[Delivery[Payment], Depends(delivery, exit="after")],
    ) -> None:
        seen.append(found.is_repeated)

    body = b'{"cents":300}'
    with Client(app, raise_server_errors=False) as client:
        for _ in range(3):
            client.post("/hooks/payments", content=body, headers=hooks.sign(body, "m"))

    assert seen == [False, False, True]


def test_a_message_that_comes_while_it_is_being_handled_is_sent_later():
    hooks, app, body = Webhooks([NEW]), App(), b'{"cents":300}'
    entered, go_on = asyncio.Event(), asyncio.Event()

    @app.post("/hooks/payments")
    async def paid(request: Request) -> None:
        async with hooks.receive(request, type=Payment):
            entered.set()
            await go_on.wait()

    async def main() -> list[int]:
        async with asyncio.timeout(30), AsyncClient(app) as client:

            async def post() -> int:
                headers = hooks.sign(body, "m")
                answer = await client.post("/hooks/payments", content=body, headers=headers)
                return answer.status_code

            first = asyncio.create_task(post())
            await entered.wait()
            second = await post()
            go_on.set()
            return [await first, second]

    assert asyncio.run(main()) == [204, 409]
