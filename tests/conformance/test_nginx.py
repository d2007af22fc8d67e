"""The corpus through nginx: what it forwards is what the app sees, body by body (T-C21-2)."""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from tests.conformance.nginx import Forwarded, Nginx, listens, nginx
from tests.server.corpus import CASES
from tests.server.live import CLOSE, request, run, serving, until
from tests.server.mutations import mutated

pytestmark = pytest.mark.service("nginx")

MUTATIONS = 500
AT_ONCE = 16


def recording_app() -> tuple[App, list[Forwarded]]:
    """Return an app that remembers all that it was asked, with the bodies."""
    app, seen = App(), []

    async def note(request: Request, call_next: object) -> Response:
        number = len(seen)
        target = request.raw_path + (f"?{request.query_string}" if request.query_string else "")
        seen.append((request.method, target, ""))
        with suppress(ClientGone):
            seen[number] = (*seen[number][:2], (await request.body()).decode("latin-1"))
        return Response(seen[number][2].encode("latin-1"), headers={"x-seen": ascii(target)})

    app.middleware(note)
    return app, seen


def streams() -> Iterable[bytes]:
    """Yield the cases and what can be made of them."""
    chance, cases = random.Random(21), [case.data for case in CASES]
    last = request("GET", "/last", CLOSE)
    for data in cases:
        yield data + last
    for number in range(MUTATIONS):
        yield mutated(cases[number % len(cases)], cases, chance) + last


async def ask(front: Nginx, number: int) -> None:
    """Have a body of our own echoed, whatever else goes on."""
    body = b"mine %d" % number
    answer = await front.send(request("POST", f"/mine?{number}", CLOSE, body))
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"x-seen: '/mine?%d'" % number in head
    assert content == body


def path_of(one: Forwarded) -> Forwarded:
    """Return a request without the authority of its target, which nginx does not pass on."""
    method, target, body = one
    path = re.sub("^https?://[^/?]*", "", target, flags=re.IGNORECASE)
    return method, path if path.startswith("/") else f"/{path}", body


@pytest.mark.slow
@pytest.mark.parametrize("buffering", ["on", "off"])
def test_the_app_sees_what_nginx_forwards_and_each_body_with_its_request(tmp_path, buffering):
    async def main() -> tuple[list[tuple[Forwarded, str]], list[Forwarded]]:
        app, seen = recording_app()
        async with serving(app) as live:
            with nginx(tmp_path, live.port, buffering=buffering) as front:
                await listens(front.port)
                turns = asyncio.Semaphore(AT_ONCE)

                async def one(number: int, stream: bytes) -> None:
                    async with turns:
                        await front.send(stream)
                        if number % 5 == 0:
                            await ask(front, number)

                async with asyncio.TaskGroup() as group:
                    for number, stream in enumerate(streams()):
                        group.create_task(one(number, stream))
                await until(lambda: len(front.requests()) >= len(seen))
                return front.requests(), seen

    forwarded, seen = run(main())

    def count(fate: str) -> Counter[Forwarded]:
        return Counter(known(one) for one, came in forwarded if came == fate)

    def known(one: Forwarded) -> Forwarded:
        method, target, body = path_of(one)
        return method, target, body if buffering == "on" else ""  # then nginx knows no bodies

    told, cut = Counter(map(known, seen)), count("cut")
    assert count("seen") - told == Counter()
    assert told - count("seen") - cut == Counter()
    assert told.total() > len(CASES)
