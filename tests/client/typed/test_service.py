import asyncio
import datetime
import enum
import json
from typing import Any

import httpx2
import pytest

from gambrel.client import HTTPClient
from gambrel.client.typed.service import Refused, Service, quote, shown


class Colour(enum.Enum):
    RED = "red"


def sent(**options: Any) -> httpx2.Request:
    """Return the request that was sent."""
    seen: list[httpx2.Request] = []

    def reply(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={"a": 1})

    async def main() -> None:
        http = HTTPClient(transport=httpx2.MockTransport(reply))
        service = Service("http://shop/api/", http, headers={"x-key": "k"})
        assert await service.ask("POST", "/x", dict[str, int], **options) == {"a": 1}
        await http.aclose()

    asyncio.run(main())
    return seen[0]


def test_what_is_none_is_not_sent_and_the_rest_in_its_place():
    request = sent(
        query={"a": [1, 2], "b": None, "c": True, "d": Colour.RED},
        headers={"x-one": 1, "x-none": None},
        cookies={"seen": "a b;"},
        body={"x": datetime.date(2026, 1, 2)},
    )

    assert str(request.url) == "http://shop/api/x?a=1&a=2&c=true&d=red"
    assert request.headers["x-key"] == "k"
    assert request.headers["x-one"] == "1"
    assert "x-none" not in request.headers
    assert request.headers["cookie"] == "seen=a%20b%3B"
    assert json.loads(request.content) == {"x": "2026-01-02"}


def test_a_body_of_bytes_is_sent_as_it_is():
    request = sent(body=b"\x89PNG", media_type="image/png")

    assert request.content == b"\x89PNG"
    assert request.headers["content-type"] == "image/png"


def test_a_refusal_without_a_problem():
    async def main() -> None:
        transport = httpx2.MockTransport(lambda _: httpx2.Response(502, text="<html>"))
        async with Service("http://shop?key=secret", HTTPClient(transport=transport)) as service:
            await service.ask("DELETE", "", None)

    with pytest.raises(Refused) as caught:
        asyncio.run(main())

    assert (caught.value.status, caught.value.problem) == (502, {})
    assert "secret" not in str(caught.value)


def test_its_own_client_is_closed_and_another_is_not():
    async def main() -> tuple[bool, bool]:
        async with Service("http://shop") as own:
            pass
        http = HTTPClient()
        async with Service("http://shop", http):
            pass
        is_open = not http.is_closed
        await http.aclose()
        return own.http.is_closed, is_open

    assert asyncio.run(main()) == (True, True)


def test_values_are_texts():
    assert [shown(one) for one in (True, 1, 1.5, "a", Colour.RED)] == [
        "true",
        "1",
        "1.5",
        "a",
        "red",
    ]
    assert [shown([1, True]), shown({"a": [1]})] == ["1,true", '{"a":[1]}']
    assert quote("a/b c") == "a%2Fb%20c"
