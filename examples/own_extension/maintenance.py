"""Maintenance: close an app for a while, in all its workers, and open it again.

    app = App(extensions=[Maintenance()])

    $ gambrel --app app.py maintenance on

An extension as anybody would publish it: it knows the door, `gambrel.extend`, and public names.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gambrel import App, Request, Response, ServiceUnavailable
from gambrel.extend import Band, Level, Point, Problem, Setup

OPEN_PATHS: Point[str] = Point("open path", key=lambda path: path)
"""Paths that are served while the app is closed; apps and other extensions add theirs."""


@dataclass(frozen=True, kw_only=True)
class MaintenanceSettings:
    """Read as `app.settings.maintenance`, set by `GAMBREL_MAINTENANCE__RETRY_AFTER` and so on."""

    retry_after: Annotated[int, Meta(ge=1, description="seconds until clients may ask again")] = 60
    interval: Annotated[float, Meta(gt=0, description="seconds from look to look")] = 1.0


class Switch:
    """Whether the app is closed. A file says so, which all workers see."""

    def __init__(self, file: Path, open_paths: frozenset[str]) -> None:
        self.file = file
        self.open_paths = open_paths
        self.since: datetime | None = None
        self.look()

    def look(self) -> None:
        try:
            self.since = datetime.fromtimestamp(self.file.stat().st_mtime, UTC)
        except FileNotFoundError:
            self.since = None

    def turn(self, state: Literal["on", "off"]) -> None:
        if state == "on":
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.touch()
        else:
            self.file.unlink(missing_ok=True)
        self.look()

    async def watch(self, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            await asyncio.to_thread(self.look)


class Notice(Struct):
    """What handlers may ask for, and what `/status` shows."""

    closed_since: datetime | None


async def open_switch(app: App, settings: MaintenanceSettings) -> AsyncIterator[Switch]:
    """Look at the file every now and then, for as long as the app runs."""
    open_paths = frozenset(app.declarations.values(OPEN_PATHS))
    switch = Switch(app.settings.core.instance / "closed", open_paths)
    watching = asyncio.create_task(switch.watch(settings.interval))
    yield switch
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def close(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer with 503 while the app is closed."""
    switch = request.app.resources[Switch]
    if switch.since is not None and request.path not in switch.open_paths:
        raise ServiceUnavailable(retry_after=request.app.settings.maintenance.retry_after)
    return await call_next(request)


async def notice_of(switch: Switch) -> Notice:
    return Notice(switch.since)


async def status(notice: Notice) -> Notice:
    """Tell whether the app is closed."""
    return notice


def check_switch(app: App) -> Iterator[Problem]:
    """Warn who deploys an app that is closed."""
    if (app.settings.core.instance / "closed").exists():
        yield Problem(
            "maintenance.closed",
            "the app is closed for maintenance",
            "gambrel maintenance off",
            level=Level.WARNING,
        )


def maintenance(state: Literal["on", "off"], switch: Switch) -> None:
    """Close the app for maintenance, or open it."""
    switch.turn(state)
    print(f"maintenance is {state}")


class Maintenance:
    """The extension: what it is called, what it needs, and everything it adds."""

    name = "maintenance"
    requires = ()
    settings = MaintenanceSettings

    def install(self, setup: Setup) -> None:
        setup.lifespan(open_switch)
        setup.provide(Notice, notice_of)
        setup.middleware(close, band=Band.TRANSPORT)
        setup.route("/status", status, tags=["maintenance"])
        setup.add(OPEN_PATHS, "/status")
        setup.check(check_switch, deploy=True)
        setup.command(maintenance)
