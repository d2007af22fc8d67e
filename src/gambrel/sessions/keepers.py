"""Where a session is between two requests: whole in a signed cookie, or in a store by an id."""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Protocol

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import GambrelError, ServiceUnavailable
from gambrel.core.http.fields.cookies import parse_cookies
from gambrel.core.http.request import Request
from gambrel.sessions.cookies import SIZE, Sealing, cookie_name, write_cookie
from gambrel.sessions.session import META, Record, Session, times_of
from gambrel.sessions.stores.store import Store

__all__ = ["CookieKeeper", "Keeper", "Life", "StoreKeeper"]

NAME = "session"
SKEW = 60
"""Seconds that the clocks of two machines may differ by."""
LONG = 8_192
"""Characters of a `Cookie` header above which it is read anew each time."""
_log = logging.getLogger("gambrel.sessions")
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_check = msgspec.json.Decoder().decode


class Life(Struct, frozen=True):
    """How long a session lasts, in seconds: unused (`idle`), and in all (`total`)."""

    idle: int
    total: int
    clock: Callable[[], float] = time.time

    def holds(self, record: Record) -> bool:
        """Whether a session has not ended by itself."""
        times, now = times_of(record.get(META, b"")), self.clock()
        if times is None or max(times) > now + SKEW:
            return False
        return now - times[1] <= self.idle + SKEW and now - times[0] <= self.total + SKEW

    def is_due(self, session: Session) -> bool:
        """Whether it is to be kept anew only because it was used."""
        return session.is_known and self.clock() - session.seen > self.idle / 20

    def left(self, session: Session) -> int:
        """Return the seconds until it ends if it is used no more."""
        return max(1, min(self.idle, int(session.created + self.total - self.clock())))


class Keeper(Protocol):
    """What finds the session of a request, and keeps it."""

    async def open(self, request: Request) -> Session:
        """Return the session of a request; an empty one where there is none."""
        ...

    async def close(self, request: Request, session: Session) -> None:
        """Keep what has changed, and tell the visitor's browser."""
        ...


class CookieKeeper:
    """The whole session is in the cookie; of two requests at a time the later one is kept."""

    def __init__(self, sealing: Sealing, life: Life, name: str = NAME) -> None:
        self.sealing = sealing
        self.life = life
        self.name = name
        # A visitor comes with the same cookies until something changes: they are opened once.
        self.opened = lru_cache(1_024)(self.unsealed)
        self.sent = lru_cache(1_024)(self.read)

    async def open(self, request: Request) -> Session:
        """Return what the cookie holds."""
        return Session(now=self.life.clock(), find=partial(self.find, request), keeper=self)

    def find(self, request: Request) -> tuple[Record | None, tuple[str, str]]:
        """Return the record in the cookie, and the cookie itself; its name alone for none."""
        name = cookie_name(request, self.name)
        header = request.headers.first("cookie")
        if header is None:
            return None, (name, "")
        read = self.sent if len(header) <= LONG else self.read  # strangers fill no memory
        record, cookie = read(name, header)
        if record is None or not self.life.holds(record):
            return None, (name, "")
        return record, cookie

    def read(self, name: str, header: str) -> tuple[Record | None, tuple[str, str]]:
        """Return the same for a whole `Cookie` header. Raises BadRequest for too many of them."""
        text = parse_cookies(header).get(name, "")
        is_ours = 0 < len(text) <= SIZE  # no longer one was written, or is kept in memory
        return self.opened(name, text) if is_ours else None, (name, text)

    def unsealed(self, name: str, text: str) -> Record | None:
        """Return the record in a cookie, None where it is none of ours."""
        value = self.sealing.open(name, text)
        return None if value is None else decoded(value)

    def seal(self, name: str, record: Record) -> str:
        """Return a record as the cookie has it."""
        value = msgspec.json.encode({key: msgspec.Raw(raw) for key, raw in record.items()})
        return self.sealing.seal(name, value)

    def has_room(self, session: Session) -> bool:
        """Whether a cookie can hold the session as it is now."""
        return len(self.seal(session.cookie[0], session.record(self.life.clock()))) <= SIZE

    async def close(self, request: Request, session: Session) -> None:
        """Write the cookie. Raises GambrelError where it is too large for one."""
        if not session.is_touched:
            return
        name = session.cookie[0]
        changed, gone = session.changes()
        if session.ends and not changed:
            write_cookie(request.draft, name, "", 0)
        elif changed or gone or session.rotates or self.life.is_due(session):
            record = session.record(self.life.clock())
            if len(record) == 1 and not session.is_known:
                return  # nothing but its times: there is nothing to be remembered
            text = self.seal(name, record)
            if len(text) > SIZE:
                raise too_large(len(text))
            write_cookie(request.draft, name, text, self.life.left(session))
            if "WEBSOCKET" in getattr(request.route, "methods", ()):
                _log.warning("a socket has changed a session in a cookie, and that is not kept")


class StoreKeeper:
    """The cookie has an id of 256 bits, the store the rest under the hash of it."""

    def __init__(
        self, store: Store, life: Life, name: str = NAME, *, goes_on: bool = False
    ) -> None:
        self.store = store
        self.life = life
        self.name = name
        self.goes_on = goes_on
        """Whether visitors are strangers while the store does not answer, and get no 503."""

    async def open(self, request: Request) -> Session:
        """Return what the store has under the id in the cookie."""
        name = cookie_name(request, self.name)
        text = request.cookies.get(name, "")
        try:
            record = await self.store.load(key_of(self.name, text)) if 0 < len(text) < 100 else None
        except ServiceUnavailable as error:
            if not self.goes_on:
                raise
            _log.warning("%s; a visitor is taken for a stranger", error.detail)
            return Session(None, self.life.clock(), (name, text), unread=True)
        if record is None or not is_whole(record) or not self.life.holds(record):
            return Session(None, self.life.clock(), (name, ""))
        return Session(record, cookie=(name, text))

    async def close(self, request: Request, session: Session) -> None:
        """Keep what has changed; what another request has changed meanwhile is left alone.

        Raises ServiceUnavailable where that is not possible now.
        """
        if not session.unread:
            if session.is_touched:
                await self.keep(request, session)
        elif session.rotates or session.ends or session.changes()[0]:
            raise ServiceUnavailable("The store of sessions does not answer.")

    async def keep(self, request: Request, session: Session) -> None:
        """Do so for a session that was looked at."""
        name, text = session.cookie
        changed, gone = session.changes()
        now, left = self.life.clock(), self.life.left(session)
        times = {META: session.times(now)}
        if session.ends and not changed:
            if text:
                await self.store.end(key_of(self.name, text))
            write_cookie(request.draft, name, "", 0)
        elif session.is_known and not (session.rotates or session.ends):
            if changed or gone or self.life.is_due(session):
                key = key_of(self.name, text)
                if await self.store.update(key, {**changed, **times}, gone, left):
                    write_cookie(request.draft, name, text, left)
        elif changed or session.rotates:
            record, fresh = session.record(now), secrets.token_urlsafe(32)
            if len(record) > 1:
                await self.store.create(key_of(self.name, fresh), record, left)
                write_cookie(request.draft, name, fresh, left)
            if text and await self.store.end(key_of(self.name, text)) is False:
                # Another request has ended it meanwhile: it does not come back under another id.
                others = record.keys() - changed.keys() - {META}
                await self.store.update(key_of(self.name, fresh), {}, others, left)


def key_of(name: str, text: str) -> str:
    """Return the name of a session in a store: who reads that can take over no session.

    What is the id of one under the name of one cookie is none under that of another.
    """
    return hashlib.sha256(f"{name}={text}".encode("utf-8", "surrogatepass")).hexdigest()


def is_whole(record: Record) -> bool:
    """Whether all of a record is JSON; one that something else has written to is none."""
    try:
        for raw in record.values():
            _check(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        _log.warning("a session in the store is damaged, and its visitor is taken for a stranger")
        return False
    return True


def decoded(value: bytes) -> Record | None:
    """Return the record in a cookie, or None where an older release has written another."""
    try:
        return {name: bytes(raw) for name, raw in _decode(value).items()}
    except msgspec.MsgspecError:
        return None


def too_large(size: int) -> GambrelError:
    """Return the error of a session that no cookie can hold."""
    what = f"the session is {size:,} characters as a cookie, and browsers take {SIZE:,}"
    hint = "keep ids instead of objects, or Sessions(store=MemoryStore()) or RedisStore(url)"
    return GambrelError("sessions.too-large", what, "Sessions()", hint)
