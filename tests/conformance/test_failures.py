"""Failing in every place: an answer without secrets, one report, and the next request unharmed."""

import pytest

from tests.conformance.hosts import Host
from tests.conformance.sentinels import SECRETS
from tests.conformance.wire import chunked, message

CARRIED: list[str | bytes] = [
    f"Authorization: Bearer {SECRETS['authorization']}",
    f"Cookie: session={SECRETS['session']}; other={SECRETS['cookie']}",
    f"X-CSRF-Token: {SECRETS['csrf']}",
    f"X-Api-Key: {SECRETS['api_key']}",
]
JSON = "Content-Type: application/json"
# What is said in the place of failing → the status of the answer.
PLACES = {
    "/fail/handler?token={}": 500,
    "/fail/thread?token={}": 500,
    "/fail/dependency?token={}": 500,
    "/fail/exit?token={}": 500,
    "/fail/exit-after?token={}": 200,
    "/fail/callback?token={}": 200,
    "/fail/group?token={}": 500,
    "/ping?fail-middleware={}": 500,
    "/ping?fail-after={}": 500,
    "/nowhere?fail-after={}": 500,
    "/wsgi/t/fail?token={}": 500,
}


@pytest.mark.parametrize(("place", "status"), PLACES.items(), ids=PLACES)
def test_a_failure_is_answered_and_reported_once(host: Host, place: str, status: int) -> None:
    token = f"token-{host.name}-{list(PLACES).index(place)}"

    with host.connect() as wire:
        wire.send(message(place.format(token)))
        answer = wire.answer()
        if answer.keeps:
            wire.send(message("/ping"))
            assert wire.answer().text == "pong"

    assert answer.status == status
    assert token not in answer.text
    assert len([line for line in host.logged(token) if "RuntimeError: " in line]) == 1


def test_a_value_that_cannot_be_encoded_is_a_failure(host: Host) -> None:
    token = f"token-{host.name}-encoding"

    answer = host.get(f"/fail/encoding?token={token}")

    assert answer.status == 500
    assert token in host.get("/events").json


def failing_messages() -> list[bytes]:
    """Return requests that carry secrets, and are answered with errors of every kind."""
    order = f'{{"item":1,"quantity":"{SECRETS["password"]}","card":"{SECRETS["card"]}"}}'.encode()
    statuses = (400, 401, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 423)
    gets = [
        *[
            f"/fail/status/{status}"
            for status in (*statuses, 428, 429, 431, 500, 501, 502, 503, 504)
        ],
        *[place.format("leak") for place in PLACES],
        f"/fail/encoding?token={SECRETS['reset']}",
        f"/scalar?n={SECRETS['reset']}",
        f"/number/{SECRETS['hash']}",
        f"/nowhere/{SECRETS['reset']}",
        f"/query?a=%ff{SECRETS['reset']}",
        f"/rest/%00{SECRETS['reset']}",
        f"/inject?value=%0a{SECRETS['upstream']}",
        "/late?note=secret",
        "/fail/service",
    ]
    posts = [
        message("/order", "POST", [*CARRIED, JSON], order),
        message("/order", "POST", [*CARRIED, JSON], order[:-1]),
        message("/order", "POST", [*CARRIED, "Content-Type: text/plain"], order),
        message("/order", "POST", [*CARRIED, "Content-Type: application/msgpack"], order),
        message(
            "/upload", "POST", [*CARRIED, "Content-Type: multipart/form-data; boundary=x"], order
        ),
        message("/small", "POST", CARRIED, order * 50),
        message("/small", "POST", [*CARRIED, "Transfer-Encoding: chunked"]) + chunked(order * 50),
        message("/ping", "TRACE", CARRIED),
        message("/ping", "DELETE", CARRIED),
        message("/ping", "FOO", CARRIED),
        message("/ping", headers=CARRIED, host=f"{SECRETS['reset']}.evil"),
        message("/ping", headers=[*CARRIED, "Bad Name: x"]),
    ]
    accepts = ("application/json", "text/html", "*/*")
    return [
        *[
            message(get, headers=[*CARRIED, f"Accept: {accept}"])
            for get in gets
            for accept in accepts
        ],
        *posts,
    ]


def test_no_error_answer_holds_a_secret(host: Host) -> None:
    leaks = []
    for sent in failing_messages():
        answer = host.ask(sent)
        told = answer.text + repr(answer.headers)
        if any(secret in told for secret in SECRETS.values()) or "Traceback" in told:
            leaks.append((sent[:80], answer.status, told))

    assert leaks == []


def test_a_500_says_nothing_but_its_incident(host: Host) -> None:
    answer = host.get("/fail/handler?token=said")

    incident = answer.json["incident"]
    assert answer.json == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "incident": incident,
    }
    assert host.logged(incident)
