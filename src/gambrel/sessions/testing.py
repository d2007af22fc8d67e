"""For tests of apps: a visitor who comes with a session already."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gambrel.core.http.errors import GambrelError
from gambrel.sessions.keepers import CookieKeeper
from gambrel.sessions.session import Session

__all__ = ["session_cookies"]


def session_cookies(app: Any, values: Mapping[str, Any], *objects: Any) -> dict[str, str]:
    """Return the cookies of a visitor: `Client(app, cookies=session_cookies(app, {"user": 7}))`.

    `objects` are what `session.of(Cart)` is to give. Of an app whose sessions are in cookies.

    Raises:
        GambrelError: Its sessions are in a store, or it has none.
    """
    app.build()
    found = [one.keeper for one in app.extensions if getattr(one, "name", "") == "sessions"]
    if not found or not isinstance(found[0], CookieKeeper):
        what = "the sessions of this app are in a store" if found else "this app has no sessions"
        hint = "App(extensions=[Sessions()]) has them in cookies; else log in as a visitor does"
        raise GambrelError("sessions.no-cookie", what, "session_cookies()", hint)
    keeper = found[0]
    now = keeper.life.clock()
    session = Session(now=now)
    session.update(values)
    for one in objects:
        session[session.name_of(type(one))] = one
    record = {name: msgspec.Raw(raw) for name, raw in session.record(now).items()}
    content = msgspec.json.encode(record)
    return {
        name: keeper.sealing.seal(name, content) for name in (keeper.name, f"__Host-{keeper.name}")
    }
