import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gambrel import App, GambrelError, Request
from gambrel.testing import Client
from gambrel.webhooks import WebhookRefused, Webhooks

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


def test_an_id_that_no_header_can_hold_is_refused():
    with pytest.raises(ValueError, match="id"):
        Webhooks([NEW]).sign(b"x", "a\r\nb: c")


def test_ids_are_remembered_while_their_messages_may_come_again():
    clock = Clock()
    hooks = Webhooks([NEW], tolerance=10, clock=clock)

    assert [hooks.is_new("a"), hooks.is_new("a")] == [True, False]
    clock.now += 21
    assert hooks.is_new("a")


def test_ids_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("gambrel.webhooks._SEEN", 100)
    hooks = Webhooks([NEW])
    for number in range(1_000):
        assert hooks.is_new(str(number))

    assert len(hooks._seen) == 100


def shop(hooks: Webhooks) -> App:
    app = App()

    @app.post("/hooks/payments")
    async def paid(request: Request) -> str:
        delivery = await hooks.receive(request, type=Payment)
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
