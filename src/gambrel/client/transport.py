"""The transports under our clients: retries, circuits, bounds, and what is passed on."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import httpx2
from msgspec import Struct

from gambrel.client.content import Bounded, coding_of
from gambrel.client.faults import CircuitOpen, UnsafeAddress
from gambrel.client.hedging import first_answer
from gambrel.client.outgoing import Begin, begin_all, end_all, late, with_headers
from gambrel.client.pacing import Pace
from gambrel.client.retries import BUSY, Budget, Circuits, delay, is_safe_to_repeat, retry_after

__all__ = ["Manners", "PoliteTransport", "WebOnly"]

_log = logging.getLogger("gambrel.client")
LONGEST_WAIT = 5.0
"""Seconds that a server may ask for, before the failure is told instead."""
HEDGED = frozenset({"GET", "HEAD"})
"""What only reads, and may as well be done twice at a time."""
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_FAILURES = (
    httpx2.NetworkError,
    httpx2.ProxyError,
    httpx2.RemoteProtocolError,
    httpx2.TimeoutException,
    TimeoutError,
)
"""What goes wrong on the way or with the host, and may go well another time."""


class Manners(Struct, frozen=True, kw_only=True):
    """How a client treats others: bytes that it takes, attempts more, and failures until it waits.

    A host gets `rate` requests in a second, and a second attempt beside one that has not been
    answered for `hedge` seconds; 0 for no bound, and none.
    `passed_on(host)` gives headers for requests to a host, or None for one that is told nothing;
    `hearers` are values of the Point `OUTGOING`.
    """

    max_body: int = 10 * 1024 * 1024
    retries: int = 2
    circuit: int = 0
    rate: int = 0
    hedge: float = 0.0
    passed_on: Callable[[str], dict[str, str] | None] = lambda _host: None
    hearers: Sequence[Begin] = ()


class PoliteTransport(httpx2.AsyncBaseTransport):
    """Sends requests by another transport, with manners."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, manners: Manners) -> None:
        self.inner = inner
        self.manners = manners
        self.budget = Budget()
        self.circuits = Circuits(manners.circuit)
        self.pace = Pace(manners.rate)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; again where that may help."""
        self.budget.earn()
        can_repeat = isinstance(request.stream, httpx2.ByteStream)  # others are read but once
        attempt = 1
        while True:
            wait: float | None
            try:
                response = await self.answer(request, attempt - 1)
            except httpx2.TransportError as error:
                wait = self.wait_after(request, attempt, error) if can_repeat else None
                if wait is None:
                    raise
                told = type(error).__name__
            else:
                wait = self.wait_after(request, attempt, response) if can_repeat else None
                if wait is None:
                    return self.bounded(response)
                await response.aclose()
                told = str(response.status_code)
            _log.info("%s %s: %s, tried again", request.method, request.url.host, told)
            await asyncio.sleep(wait)
            attempt += 1

    async def answer(self, request: httpx2.Request, resends: int) -> httpx2.Response:
        """Return the answer to an attempt, or to the one beside it."""
        is_plain = isinstance(request.stream, httpx2.ByteStream)
        if not self.manners.hedge or request.method not in HEDGED or not is_plain:
            return await self.attempt(request, resends)
        return await first_answer(
            lambda: self.attempt(request, resends), self.manners.hedge, self.budget.spend
        )

    async def attempt(self, request: httpx2.Request, resends: int) -> httpx2.Response:
        """Send a request once, unless its host is left alone; who wants to hear of it does."""
        host = request.url.netloc.decode("ascii")
        await self.pace.turn(host)
        if not self.circuits.admits(host):
            raise CircuitOpen(f"{request.url.host} has failed too often", request=request)
        headers = self.manners.passed_on(request.url.host)
        ends = begin_all(self.manners.hearers, request, headers, resends)
        status, fault = 0, None
        try:
            response = await self.inner.handle_async_request(with_headers(request, headers))
            status = response.status_code
        except BaseException as error:
            fault = late(request) or error
            raise
        finally:
            self.circuits.note(host, is_well=is_well(status, fault))
            end_all(ends, status, fault)
        return response

    def wait_after(
        self, request: httpx2.Request, attempt: int, outcome: httpx2.Response | Exception
    ) -> float | None:
        """Return the seconds until the next attempt; None where there is none."""
        asked = None
        if isinstance(outcome, httpx2.Response):
            if outcome.status_code not in BUSY:
                return None
            asked = retry_after(outcome.headers.get("retry-after"))
        elif isinstance(outcome, CircuitOpen) or not isinstance(outcome, _FAILURES):
            return None
        is_sent = not isinstance(outcome, _NEVER_SENT)
        wait = delay(attempt + 1, asked)
        if (
            attempt > self.manners.retries
            or not is_safe_to_repeat(request.method, request.headers, is_sent=is_sent)
            or wait > LONGEST_WAIT
            or not self.budget.spend()
        ):
            return None
        return wait

    def bounded(self, response: httpx2.Response) -> httpx2.Response:
        """Return a response whose content is bounded, and decoded."""
        coding = coding_of(response.headers)
        headers = response.headers.copy()
        headers.pop("content-encoding", None)  # httpx2 would decode by it, without a bound
        if coding:
            headers.pop("content-length", None)
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=headers,
            stream=Bounded(response.stream, coding, self.manners.max_body),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self.inner.aclose()


def is_well(status: int, fault: BaseException | None) -> bool | None:
    """Say whether a host does well; None where that is not known, for the fault is not its own.

    Somebody gave up, or an address is refused; but where time is up, the host took it.
    """
    if fault is None:
        return status not in BUSY
    return False if isinstance(fault, _FAILURES) else None


class WebOnly(httpx2.AsyncBaseTransport):
    """Refuses every URL but those of the web, at the first request and at every redirect."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises UnsafeAddress."""
        url = request.url
        if url.scheme not in {"http", "https"} or url.userinfo or not url.host:
            raise UnsafeAddress("only http:// and https://, without a user", request=request)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.inner.aclose()
