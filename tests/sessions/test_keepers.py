import asyncio
import hashlib
from typing import Any

import pytest

from gambrel.sessions.cookies import Signing
from gambrel.sessions.keepers import CookieKeeper, Keeper, Life, StoreKeeper, decoded, key_of
from gambrel.sessions.session import Session
from gambrel.sessions.stores.memory import MemoryStore
from gambrel.testing import make_request


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Visitor:
    """A browser, as far as one cookie goes."""

    def __init__(self, kind: str) -> None:
        self.clock = Clock()
        life = Life(idle=1_000, total=5_000, clock=self.clock)
        self.store = MemoryStore(clock=self.clock)
        sealing = Signing(["k" * 40], "session")
        self.keeper: Keeper = (
            CookieKeeper(sealing, life) if kind == "cookie" else StoreKeeper(self.store, life)
        )
        self.cookie = ""
        self.lines: list[str] = []

    def visit(self, act: Any = len) -> Any:
        """Make a request for which the session is used in some way."""
        headers = {"host": "localhost"} | ({"cookie": self.cookie} if self.cookie else {})

        async def main() -> Any:
            request = make_request(headers=headers)
            session = await self.keeper.open(request)
            result = act(session)
            await self.keeper.close(request, session)
            self.lines = request.draft.headers.get_all("set-cookie")
            return result

        result = asyncio.run(main())
        for line in self.lines:
            self.cookie = line.partition(";")[0]
        return result


@pytest.fixture(params=["cookie", "store"])
def visitor(request) -> Visitor:
    made = Visitor(request.param)
    made.visit(lambda session: session.update(a=1))
    return made


def test_a_session_that_is_not_used_ends(visitor):
    visitor.clock.now += 1_061

    assert visitor.visit() == 0


def test_clocks_of_two_machines_may_differ_a_little():
    visitor = Visitor("cookie")
    visitor.visit(lambda session: session.update(a=1))

    visitor.clock.now -= 60
    assert visitor.visit() == 1
    visitor.clock.now -= 2
    assert visitor.visit() == 0


def test_a_session_that_is_used_lasts_and_is_written_now_and_then(visitor):
    for _ in range(4):
        visitor.clock.now += 900
        assert visitor.visit() == 1
        assert len(visitor.lines) == 1
    visitor.clock.now += 10
    assert visitor.visit() == 1
    assert visitor.lines == []


def test_no_session_lasts_longer_than_in_all(visitor):
    for _ in range(6):
        visitor.clock.now += 820
        visitor.visit()
    assert "Max-Age=80;" in visitor.lines[0]
    assert visitor.visit() == 1
    visitor.clock.now += 160

    assert visitor.visit() == 0


def test_a_session_that_was_not_looked_at_is_not_written(visitor):
    visitor.clock.now += 900
    visitor.visit(lambda session: None)

    assert visitor.lines == []


def test_what_is_gone_is_gone(visitor):
    visitor.visit(lambda session: session.pop("a"))

    assert visitor.visit() == 0


def test_the_end_of_one_request_is_not_undone_by_another():
    """T-C07: log-out, while an older request still runs."""
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(a=1))

    async def main() -> None:
        headers = {"host": "localhost", "cookie": visitor.cookie}
        slow, quick = make_request(headers=headers), make_request(headers=headers)
        late, ending = await visitor.keeper.open(slow), await visitor.keeper.open(quick)
        late["b"] = 2
        ending.end()
        await visitor.keeper.close(quick, ending)
        await visitor.keeper.close(slow, late)

    asyncio.run(main())

    assert visitor.visit() == 0
    assert len(visitor.store) == 0


def test_what_was_ended_does_not_come_back_under_another_id():
    """Log-out, while a request that rotates still runs: only what that sets itself is kept."""
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(user=7, cart=["tea"]))

    async def main() -> None:
        headers = {"host": "localhost", "cookie": visitor.cookie}
        slow, quick = make_request(headers=headers), make_request(headers=headers)
        late, ending = await visitor.keeper.open(slow), await visitor.keeper.open(quick)
        late["b"] = 2
        late.rotate()
        ending.end()
        await visitor.keeper.close(quick, ending)
        await visitor.keeper.close(slow, late)
        visitor.cookie = slow.draft.headers.get_all("set-cookie")[0].partition(";")[0]

    asyncio.run(main())

    assert visitor.visit(dict) == {"b": 2}
    assert len(visitor.store) == 1


def test_an_end_and_a_new_beginning_has_a_new_id():
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(a=1))
    before = visitor.cookie

    def begin_anew(session: Session) -> None:
        session.end()
        session["b"] = 2

    visitor.visit(begin_anew)

    assert visitor.cookie != before
    assert visitor.visit(dict) == {"b": 2}
    assert len(visitor.store) == 1


def test_the_store_knows_no_id():
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(a=1))
    value = visitor.cookie.partition("=")[2]

    assert len(value) == 43
    assert list(visitor.store._records) == [key_of("session", value)]
    assert value not in key_of("session", value)


@pytest.mark.parametrize("value", [b"", b"[]", b"{", b'{"a":}', b"\xff"])
def test_a_record_of_another_release_is_none(value):
    assert decoded(value) is None


def test_ten_thousand_strangers_leave_nothing_behind():
    """T-C07-2: neither by looking, nor by going on under another id, nor by logging out."""
    store = MemoryStore()
    keeper = StoreKeeper(store, Life(1_000, 5_000))

    async def main() -> None:
        for number in range(10_000):
            made_up = hashlib.sha256(b"%d" % number).hexdigest()
            request = make_request(headers={"host": "localhost", "cookie": f"session={made_up}"})
            session = await keeper.open(request)
            (len, Session.rotate, Session.end)[number % 3](session)
            await keeper.close(request, session)

    asyncio.run(main())

    assert len(store) == 0


def test_cookies_that_are_longer_than_any_of_ours_are_not_kept_in_memory():
    keeper = CookieKeeper(Signing(["k" * 40], "session"), Life(1_000, 5_000))

    for number in range(10):
        keeper.read("session", f"session={number}{'x' * 4_000}")
        keeper.read("session", f"session={number}")

    assert keeper.opened.cache_info().currsize == 10


@pytest.mark.parametrize("raw", [b"\xff{", b"", b"{", b"nan"])
def test_a_damaged_session_in_a_store_is_none(raw):
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(a=1, b=2))
    (record,) = [record for _, record in visitor.store._records.values()]
    record["a"] = raw

    assert visitor.visit(dict) == {}
    visitor.visit(lambda session: session.update(a=3))
    assert visitor.visit(dict) == {"a": 3}


def test_the_id_of_one_cookie_is_none_of_another_though_the_store_is_the_same():
    visitor = Visitor("store")
    visitor.visit(lambda session: session.update(user=1))
    _, _, value = visitor.cookie.partition("=")
    other = StoreKeeper(visitor.store, visitor.keeper.life, "admin")
    visitor.keeper, visitor.cookie = other, f"admin={value}"

    assert visitor.visit(dict) == {}


@pytest.mark.parametrize(("kind", "holds"), [("cookie", False), ("store", True)])
def test_a_session_knows_whether_all_of_it_can_be_kept(kind, holds):
    def look(session: Session) -> tuple[bool, bool]:
        session["a"] = "x" * 20_000
        long = session.has_room
        session["a"] = "x"
        return long, session.has_room

    assert Visitor(kind).visit(look) == (holds, True)
