"""`python -m benchmarks.sessions`: to read a session from its signed cookie, in µs of CPU time.

No server: a request is made, its session opened, a value read, and the session closed. What making
the request costs is taken off. `known` is a visitor who came before, `new` one whose cookie this
process has not seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec

from gambrel import Request
from gambrel.core.http.headers import Headers
from gambrel.sessions.cookies import Signing
from gambrel.sessions.keepers import CookieKeeper, Life
from gambrel.sessions.session import Session

CONNECTION: Any = SimpleNamespace(scheme="http", client=("127.0.0.1", 1), app=None)


def best(call: Callable[[], object], runs: int = 15, times: int = 5_000) -> float:
    """The shortest mean time of a call."""
    found = []
    for _ in range(runs):
        begin = time.thread_time()
        for _ in range(times):
            call()
        found.append((time.thread_time() - begin) / times)
    return min(found) * 1e6


def run(coroutine: Any) -> Any:
    """What a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("it waits")


def main() -> None:
    keeper = CookieKeeper(Signing(["k" * 40], "session"), Life(7_200, 604_800))
    session = Session(now=time.time())
    session.update({"user": 7, "lang": "de", "cart": ["tea", "milk"]})
    record = {name: msgspec.Raw(raw) for name, raw in session.record(time.time()).items()}
    cookie = keeper.sealing.seal("session", msgspec.json.encode(record))
    headers = [("host", "127.0.0.1:8000"), ("cookie", f"theme=dark; session={cookie}")]

    def request() -> Request:
        return Request("GET", "/", "", Headers(headers), CONNECTION)

    def read() -> None:
        asked = request()
        found = run(keeper.open(asked))
        assert found["user"] == 7
        run(keeper.close(asked, found))

    def read_first() -> None:
        keeper.opened.cache_clear()
        keeper.sent.cache_clear()
        read()

    bare = best(request)
    print(f"known {best(read) - bare:.1f} µs")
    print(f"new {best(read_first) - bare:.1f} µs")


if __name__ == "__main__":
    main()
