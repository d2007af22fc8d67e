import pytest
from msgspec import Struct

from gambrel import App, GambrelError
from gambrel.sessions import MemoryStore, Session, Sessions
from gambrel.sessions.testing import session_cookies
from gambrel.testing import Client


class Cart(Struct):
    items: list[str] = []


def app_of(*extensions: Sessions) -> App:
    app = App(extensions=extensions)

    @app.get("/")
    async def show(session: Session) -> list[object]:
        return [session.get("user"), session.of(Cart).items]

    return app


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("base_url", ["http://localhost", "https://localhost"])
def test_a_visitor_begins_with_values(encrypt, base_url):
    app = app_of(Sessions(encrypt=encrypt))
    cookies = session_cookies(app, {"user": 7}, Cart(["tea"]))

    with Client(app, cookies=cookies, base_url=base_url) as client:
        assert client.get("/").json() == [7, ["tea"]]


def test_a_cookie_is_nothing_without_its_store():
    with pytest.raises(GambrelError, match="in a store"):
        session_cookies(app_of(Sessions(store=MemoryStore())), {})


def test_an_app_without_sessions_has_no_cookie():
    with pytest.raises(GambrelError, match="no sessions"):
        session_cookies(App(), {})
