"""`Service`: what clients that are made from a document are made of."""

import datetime
import enum
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self
from urllib.parse import quote as percent_encoded

import httpx2
import msgspec

from gambrel.client.clients import HTTPClient
from gambrel.client.content import value_of
from gambrel.core.http.url import quote_segment

__all__ = ["Refused", "Service", "quote"]

FORM = "application/x-www-form-urlencoded"
Values = Mapping[str, Any]


class Refused(httpx2.HTTPStatusError):
    """The service has answered with a status of 400 and up: its `status`, and the `problem`.

    `problem` is the document of RFC 9457 where there is one, else empty.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.problem: dict[str, Any] = {}
        if response.headers.get("content-type", "").partition(";")[0].endswith("json"):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                self.problem = msgspec.json.decode(response.content, type=dict[str, Any])
        why = self.problem.get("detail") or self.problem.get("title") or response.reason_phrase
        what = f"{response.request.method} {response.url.copy_with(query=None)}"
        super().__init__(
            f"{what} was answered {self.status}: {why}", request=response.request, response=response
        )


class Service:
    """A service at `url`, asked by `http`, or by a client of its own that `async with` closes.

    `headers` go with every request: an API key, say.
    """

    def __init__(
        self, url: str, http: HTTPClient | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = dict(headers or {})
        self._is_own = http is None
        self.http = http or HTTPClient()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._is_own:
            await self.http.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        into: Any,
        *,
        query: Values | None = None,
        headers: Values | None = None,
        cookies: Values | None = None,
        body: Any = None,
        media_type: str = "application/json",
    ) -> Any:
        """Send a request, and return its answer as a value of the type `into`.

        Values that are None are not sent. Raises Refused for a status of 400 and up,
        httpx2.HTTPError where there is no answer, or none of that type.
        """
        sent = {**self._headers, **{name: shown(value) for name, value in set_ones(headers)}}
        pairs = [f"{name}={percent_encoded(shown(value), '')}" for name, value in set_ones(cookies)]
        if pairs:
            sent["cookie"] = "; ".join(pairs)
        content: dict[str, Any] = {}
        if body is not None and media_type == FORM:
            fields = set_ones(msgspec.to_builtins(body))
            content["data"] = {name: listed(value) for name, value in fields}
        elif body is not None:
            sent["content-type"] = media_type
            is_raw = isinstance(body, bytes) and not media_type.endswith("json")
            content["content"] = body if is_raw else msgspec.json.encode(body)
        response = await self.http.request(
            method,
            self._url + path,
            params=[(name, one) for name, value in set_ones(query) for one in listed(value)],
            headers=sent,
            **content,
        )
        if response.status_code >= 400:
            raise Refused(response)
        return answer_of(response, into)


def answer_of(response: httpx2.Response, into: Any) -> Any:
    """Return the value of an answer. Raises httpx2.DecodingError where it is not of that type."""
    if into is httpx2.Response:
        return response
    if into is None or (not response.content and response.status_code in {204, 205}):
        return None
    is_json = response.headers.get("content-type", "").partition(";")[0].endswith("json")
    if not is_json and into is str:
        return response.text
    if not is_json and into is bytes:
        return response.content
    return value_of(response, into)


def quote(value: Any) -> str:
    """Return a value as one segment of a path.

    Raises ValueError for what would be none, and lead to another path: an empty text, `.`, `..`.
    """
    text = quote_segment(shown(value))
    if not text:
        raise ValueError("an empty text cannot be a path segment")
    return text


def set_ones(values: Values | None) -> list[tuple[str, Any]]:
    """Return what is to be sent."""
    pairs = (values or {}).items()
    return [
        (name, value) for name, value in pairs if value is not None and value is not msgspec.UNSET
    ]


def listed(value: Any) -> list[str]:
    """Return the texts of a value, or of each in a list."""
    return (
        [shown(one) for one in value] if isinstance(value, list | tuple | set) else [shown(value)]
    )


def shown(value: Any) -> str:
    """Return a value as a text of a URL, a header or a form: several by commas, objects as JSON."""
    if isinstance(value, list | tuple | set):
        return ",".join(map(shown, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return shown(value.value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, str | int | float):
        return str(value)
    plain = msgspec.to_builtins(value)
    return msgspec.json.encode(plain).decode() if isinstance(plain, dict) else str(plain)
