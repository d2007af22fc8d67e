"""An inspector: what `gambrel status`, `reload`, `scale` and `stop` do, over HTTP and behind a key.

It runs beside the server it inspects, and asks its supervisor through the control socket.
"""

import asyncio
import hmac
import secrets
import sys
from math import ceil
from typing import Annotated, Self

import msgspec
from msgspec import Meta, Struct

from gambrel import App, BadGateway, Conflict, Depends, Header, Router, Secret, Unauthorized
from gambrel.extend import Setup
from gambrel.openapi import OpenAPI, bearer

PATIENCE = 90.0
"""Seconds for the supervisor to answer: a reload takes as long as the app takes to start."""


class Worker(Struct):
    """One worker of the server."""

    name: str
    pid: int
    state: str
    seconds: float
    requests: int
    connections: int
    busy: int
    memory: int


class Status(Struct):
    """The server."""

    pid: int
    seconds: float
    wanted: int
    is_stopping: bool
    workers: list[Worker]


class Answer(Struct):
    """What the supervisor says: `failure` is empty where it was done."""

    failure: str
    status: Status


class Scale(Struct):
    """How many workers there are to be."""

    replicas: Annotated[int, Meta(ge=1, le=64)]


class Balance(Struct):
    """How many connections one worker is to have, at most."""

    per_worker: Annotated[int, Meta(ge=1)]


class Inspector(Struct, frozen=True, kw_only=True):
    """Inspect the server at the socket `control`, for who has the `key`."""

    control: str = "control.sock"
    key: Secret = Secret("")

    name = "inspector"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: `GAMBREL_INSPECTOR__CONTROL`, `GAMBREL_INSPECTOR__KEY`."""
        return self

    def install(self, setup: Setup) -> None:
        """Serve the routes, to nobody without the key; one is made up where none is set."""
        given: Inspector = setup.settings.inspector
        key = given.key.reveal() or secrets.token_urlsafe()
        if not given.key.reveal():
            print(
                f"inspector: GAMBREL_INSPECTOR__KEY is not set; the key is {key}", file=sys.stderr
            )

        def with_key(authorization: Annotated[str, Header()] = "") -> None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), key.encode()):
                raise Unauthorized("A key is needed.", headers={"www-authenticate": "Bearer"})

        group = Router(dependencies=[Depends(with_key, inline=True)], security=["bearer"])
        group.include(router)
        setup.include(group)
        setup.provide(Supervisor, lambda: Supervisor(given.control), "app")


class Supervisor:
    """The supervisor behind a control socket."""

    def __init__(self, path: str) -> None:
        self.path = path

    async def ask(self, do: str, **arguments: int) -> Status:
        """Return how the server is once it has done something.

        Raises BadGateway where none answers, Conflict where it could not be done.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self.path)
                try:
                    writer.write(msgspec.json.encode({"do": do, **arguments}) + b"\n")
                    answer = msgspec.json.decode(await reader.readline(), type=Answer)
                finally:
                    writer.close()
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            raise BadGateway("The server does not answer.") from error
        if answer.failure:
            raise Conflict(answer.failure)
        return answer.status


router = Router(tags=["inspector"])


@router.get("/")
async def status(supervisor: Supervisor) -> Status:
    """Show the workers."""
    return await supervisor.ask("status")


@router.post("/reload")
async def reload(supervisor: Supervisor) -> Status:
    """Replace the workers, one after the other, by ones with new code."""
    return await supervisor.ask("reload")


@router.post("/scale")
async def scale(supervisor: Supervisor, to: Scale) -> Status:
    """Have another number of workers."""
    return await supervisor.ask("scale", workers=to.replicas)


@router.post("/shutdown")
async def shutdown(supervisor: Supervisor) -> Status:
    """Stop the server; requests in flight are finished."""
    return await supervisor.ask("stop")


@router.post("/balance")
async def balance(supervisor: Supervisor, wish: Balance) -> Status:
    """Have as many workers as there are connections for: a command of our own."""
    now = await supervisor.ask("status")
    connections = sum(worker.connections for worker in now.workers)
    return await supervisor.ask("scale", workers=max(1, ceil(connections / wish.per_worker)))


app = App(extensions=[Inspector(), OpenAPI(security_schemes={"bearer": bearer()})])
