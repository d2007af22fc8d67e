import asyncio
import base64
import pickle  # noqa: TID251 - of an attacker
import random
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from msgspec import Struct, field

from gambrel import (
    HTML,
    App,
    Conflict,
    Depends,
    GambrelError,
    NotFound,
    Request,
    ResponseHeaders,
    Stream,
    WebSocket,
)
from gambrel.sessions import Flash, MemoryStore, Session, Sessions
from gambrel.sessions.cookies import Signing
from gambrel.sessions.testing import session_cookies
from gambrel.templates import Template, Templates
from gambrel.testing import AsyncClient, Client


class Cart(Struct):
    items: list[str] = field(default_factory=list)


def app_of(**options: Any) -> App:
    app = App(extensions=[Sessions(**options)], secret_keys=["k" * 40])

    @app.get("/")
    async def plain() -> str:
        return "plain"

    @app.post("/put/{item}")
    async def put(item: str, session: Session) -> list[str]:
        session.of(Cart).items.append(item)
        return session.of(Cart).items

    @app.post("/set/{name}/{value}")
    async def set_value(name: str, value: str, session: Session) -> None:
        session[name] = value

    @app.get("/items")
    async def items(session: Session) -> list[str]:
        return session.of(Cart).items

    @app.post("/fail")
    async def fail(session: Session) -> None:
        session["failed"] = True
        raise Conflict("no")

    @app.post("/log-in")
    async def log_in(session: Session) -> None:
        session["user"] = 7
        session.rotate()

    @app.post("/log-out")
    async def log_out(session: Session) -> None:
        session.end()

    add_reading(app)
    add_messages(app)
    return app


def add_reading(app: App) -> None:
    @app.get("/has/{name}")
    async def has(name: str, session: Session) -> bool:
        return name in session

    @app.get("/untouched")
    async def untouched(session: Session) -> str:
        return "untouched"


def add_messages(app: App) -> None:
    @app.post("/save")
    async def save(flash: Flash) -> None:
        flash.add("Saved.", "success")
        flash.add("Twice.")

    @app.get("/messages")
    async def messages(flash: Flash) -> list[list[str]]:
        return [[message.kind, message.text] for message in flash]


STORES = pytest.mark.parametrize("make", [lambda: None, MemoryStore], ids=["cookie", "memory"])


def cookies_of(answer: Any) -> list[str]:
    found: list[str] = answer.headers.get_list("set-cookie")
    return found


@STORES
def test_a_visitor_is_remembered(make):
    with Client(app_of(store=make())) as client, Client(client.app) as other:
        client.post("/put/tea")
        assert client.post("/put/milk").json() == ["tea", "milk"]
        assert client.get("/items").json() == ["tea", "milk"]
        assert other.get("/items").json() == []


@STORES
def test_nothing_is_written_before_there_is_something_to_keep(make):
    store = make()
    with Client(app_of(store=store)) as client:
        answers = [client.get(path) for path in ("/", "/items", "/has/a", "/untouched")]

        assert [cookies_of(answer) for answer in answers] == [[], [], [], []]
        assert store is None or len(store) == 0
        client.post("/set/a/1")
        assert cookies_of(client.get("/has/a")) == []


@STORES
@pytest.mark.parametrize(
    ("path", "is_private"),
    [("/", False), ("/untouched", False), ("/items", True), ("/has/a", True)],
)
def test_an_answer_for_which_the_session_was_looked_at_is_private(make, path, is_private):
    """T-C08-1: read by `in` alone, too."""
    with Client(app_of(store=make())) as client:
        headers = client.get(path).headers

    assert (headers.get("cache-control") == "private, no-store") is is_private
    assert ("cookie" in headers.get("vary", "")) is is_private


@STORES
def test_what_fails_keeps_nothing(make):
    with Client(app_of(store=make())) as client:
        assert client.post("/fail").status_code == 409
        assert client.get("/has/failed").json() is False


@STORES
def test_a_session_ends_at_log_out_here_and_at_the_visitor(make):
    store = make()
    with Client(app_of(store=store)) as client:
        client.post("/put/tea")
        kept = dict(client.cookies)
        (line,) = cookies_of(client.post("/log-out"))
        assert line.startswith("session=; Max-Age=0")
        assert client.get("/items").json() == []
        if store is not None:
            assert len(store) == 0
            cookie = f"session={kept['session']}"
            assert client.get("/items", headers={"cookie": cookie}).json() == []


def test_the_id_changes_at_log_in_and_the_old_one_is_worth_nothing():
    """T-C07-1."""
    with Client(app_of(store=MemoryStore())) as client:
        client.post("/put/tea")
        before = client.cookies["session"]
        client.post("/log-in")
        after = client.cookies["session"]
        assert before != after
        assert client.get("/items").json() == ["tea"]
        client.cookies.clear()
        assert client.get("/items", headers={"cookie": f"session={before}"}).json() == []


def test_ids_that_strangers_make_up_are_never_taken():
    """T-C07-2: no row comes of them, and none is adopted."""
    store, numbers = MemoryStore(), random.Random(1)
    with Client(app_of(store=store)) as client:
        for _ in range(200):
            made_up = f"{numbers.getrandbits(256):x}"
            client.get("/items", headers={"cookie": f"session={made_up}"})
            client.post("/log-out", headers={"cookie": f"session={made_up}"})
        assert len(store) == 0
        answer = client.post("/put/tea", headers={"cookie": "session=attacker"})

    assert "attacker" not in cookies_of(answer)[0]
    assert len(store) == 1


@pytest.mark.parametrize("value", ["", "x", "a.1.b", "é", "%00", "A" * 9_000])
@STORES
def test_a_cookie_of_nonsense_is_none(make, value):
    with Client(app_of(store=make())) as client:
        answer = client.get("/items", headers={"cookie": f"session={value}".encode()})

    assert answer.json() == []


def test_two_requests_at_a_time_lose_nothing_of_each_other():
    app = App(extensions=[Sessions(store=MemoryStore())])
    begun: list[str] = []
    both = asyncio.Event()

    @app.post("/set/{name}")
    async def set_value(name: str, session: Session) -> None:
        session[name] = name
        begun.append(name)
        if len(begun) == 3:
            both.set()
        if len(begun) > 1:
            await both.wait()

    @app.get("/")
    async def show(session: Session) -> list[str]:
        return sorted(session)

    async def main() -> list[str]:
        async with AsyncClient(app) as client:
            await client.post("/set/first")
            await asyncio.gather(client.post("/set/a"), client.post("/set/b"))
            found: list[str] = (await client.get("/")).json()
            return found

    assert asyncio.run(main()) == ["a", "b", "first"]


def test_what_no_cookie_can_hold_is_told_with_what_to_do():
    app = app_of()

    with Client(app) as client, pytest.raises(GambrelError, match=r"sessions\.too-large") as caught:
        client.post("/set/a/" + "x" * 4_000)

    assert "MemoryStore" in caught.value.hint


def test_messages_are_shown_once():
    with Client(app_of()) as client:
        client.post("/save")
        shown = client.get("/messages")
        assert shown.json() == [["success", "Saved."], ["info", "Twice."]]
        assert shown.headers["cache-control"] == "private, no-store"
        assert client.get("/messages").json() == []


def test_of_too_many_messages_the_last_are_kept():
    app = App(extensions=[Sessions()])

    @app.post("/")
    async def many(flash: Flash) -> None:
        for number in range(100):
            flash.add(f"{number} {'x' * 100}")

    @app.get("/")
    async def show(flash: Flash) -> list[str]:
        return [message.text.partition(" ")[0] for message in flash]

    with Client(app) as client:
        client.post("/")
        assert client.get("/").json()[-1] == "99"


def test_a_session_can_be_encrypted():
    with Client(app_of(encrypt=True)) as client:
        client.post("/put/tea")
        assert client.get("/items").json() == ["tea"]


def test_a_cookie_of_one_name_is_worth_nothing_under_another():
    with Client(app_of()) as client:
        client.post("/put/tea")
        value = client.cookies["session"]
        client.cookies.set("flash", value)
        assert client.get("/messages").json() == []


def test_a_socket_may_read_the_session():
    app = app_of()

    @app.websocket("/socket")
    async def socket(ws: WebSocket, session: Session) -> None:
        await ws.send(",".join(session.of(Cart).items))

    with Client(app) as client:
        client.post("/put/tea")
        with client.websocket("/socket") as ws:
            assert ws.receive() == "tea"


def test_dependencies_have_the_same_session_as_the_handler():
    app = App(extensions=[Sessions()])

    async def visits(session: Session) -> int:
        session["visits"] = session.get("visits", 0) + 1
        return int(session["visits"])

    @app.get("/")
    async def show(session: Session, number: Annotated[int, Depends(visits)]) -> list[int]:
        return [session["visits"], number]

    with Client(app) as client:
        assert [client.get("/").json() for _ in range(2)] == [[1, 1], [2, 2]]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "https://trusted.example", "sec-fetch-site": "cross-site"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "nonsense"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_changes_nothing(headers, status):
    """T-C06-1: what a browser says of where a request comes from decides."""
    app = App(extensions=[Sessions(trusted=["https://trusted.example"])])
    done: list[str] = []

    @app.post("/")
    async def act(session: Session) -> str:
        done.append("acted")
        return "acted"

    @app.get("/")
    async def show(session: Session) -> str:
        return "shown"

    with Client(app) as client:
        assert client.post("/", headers=headers).status_code == status
        assert client.get("/", headers=headers).status_code == 200
    assert done == (["acted"] if status == 200 else [])


def cached_pages() -> App:
    """Return an app whose pages and errors would all be cached, did nobody look at a session."""
    app = App(extensions=[Sessions()], secret_keys=["k" * 40])
    shared = HTML("none", 404, {"cache-control": "public, max-age=60"})

    @app.on_error(NotFound)
    async def not_found(_request: Request, _error: NotFound) -> HTML:
        return shared

    @app.get("/looked/{way}")
    async def looked(way: str, session: Session, headers: ResponseHeaders) -> HTML:
        ways: dict[str, Any] = {"in": session.__contains__, "get": session.get, "pop": session.pop}
        ways[way]("a", *([None] if way == "pop" else []))
        headers["cache-control"] = "public, max-age=60"
        return HTML("page", headers={"cache-control": "public, max-age=60"})

    @app.get("/error")
    async def error(session: Session) -> None:
        raise NotFound(session.get("a", "nothing"))

    @app.get("/broken")
    def broken(session: Session) -> int:
        return 1 // len(session)

    @app.get("/not-looked")
    async def not_looked(session: Session) -> None:
        raise NotFound("none")

    @app.get("/stream")
    async def stream(session: Session) -> AsyncIterator[str]:
        yield session.get("a", "nothing")

    return app


@pytest.mark.parametrize(
    "path", ["looked/in", "looked/get", "looked/pop", "error", "broken", "stream"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_nothing_that_was_made_for_one_visitor_is_cached(method, path):
    """T-C08-1: neither errors, whoever answers them, nor streams, nor what asks to be cached."""
    with Client(cached_pages(), raise_server_errors=False) as client:
        headers = client.request(method, f"/{path}").headers

    assert headers["cache-control"] == "private, no-store"
    assert "cookie" in headers["vary"]


def test_an_error_that_has_nothing_of_a_visitor_stays_as_it_is():
    with Client(cached_pages()) as client:
        client.get("/error")
        headers = client.get("/not-looked").headers

    assert headers["cache-control"] == "public, max-age=60"
    assert "cookie" not in headers.get("vary", "")


def test_a_stream_that_looks_too_late_is_told():
    app, told = App(extensions=[Sessions()]), []

    @app.get("/")
    async def late(session: Session) -> Stream:
        async def pieces() -> AsyncIterator[str]:
            try:
                session.get("a")
            except GambrelError as error:
                told.append(error.code)
            yield "x"

        return Stream(pieces())

    with Client(app) as client:
        headers = client.get("/").headers

    assert told == ["sessions.too-late"]
    assert "cache-control" not in headers


def test_a_log_in_of_the_same_visitor_anew_is_kept():
    app = app_of(store=MemoryStore())

    @app.post("/anew")
    async def anew(session: Session) -> None:
        session.end()
        session["user"] = 7

    with Client(app) as client:
        client.post("/log-in")
        before = client.cookies["session"]
        client.post("/anew")
        assert client.get("/has/user").json() is True
        assert client.cookies["session"] != before


def test_a_socket_that_changes_a_session_in_a_cookie_is_told(caplog):
    app = app_of()

    @app.websocket("/socket")
    async def socket(ws: WebSocket, session: Session) -> None:
        session["a"] = 1
        await ws.send("done")

    with Client(app) as client:
        with client.websocket("/socket") as ws:
            ws.receive()
        assert client.get("/has/a").json() is False

    assert "a socket has changed a session" in caplog.text


@pytest.mark.parametrize(("keys", "times"), [([], 1), (["k" * 40], 0)])
def test_sessions_that_end_with_the_process_are_told(keys, times, caplog):
    with Client(App(extensions=[Sessions()], secret_keys=keys)):
        pass

    assert caplog.text.count("no secret key is set") == times


def test_a_page_without_messages_may_be_kept_and_varies_by_cookie():
    with Client(app_of()) as client:
        headers = client.get("/messages").headers

    assert "cookie" in headers["vary"]
    assert "cache-control" not in headers


def test_whoever_sends_pickles_is_a_stranger(tmp_path):
    """T-C24-1: what is in a cookie is never run, signed or not."""
    sentinel = tmp_path / "sentinel"

    class Bomb:
        def __reduce__(self) -> Any:
            return sentinel.write_text, ("run",)

    content = pickle.dumps(Bomb())
    sealed = Signing(["k" * 40], "session").seal("session", content)
    with Client(app_of()) as client:
        for value in (base64.b64encode(content).decode(), sealed):
            answer = client.get("/items", headers={"cookie": f"session={value}"})
            assert answer.json() == []

    assert not sentinel.exists()


def mounted(**below: Any) -> App:
    app = App(extensions=[Sessions()], secret_keys=["k" * 40])
    inner = App(extensions=[Sessions(**below)], secret_keys=["k" * 40])
    app.mount("/admin", inner)

    @app.get("/user")
    async def user(session: Session) -> Any:
        return str(session.get("user"))

    @inner.get("/log-in")
    async def log_in(session: Session, flash: Flash) -> None:
        session["user"] = 1
        flash.add("Hello")

    @inner.get("/user")
    async def inner_user(session: Session) -> Any:
        return str(session.get("user"))

    return app


def test_an_app_below_another_has_sessions_of_its_own_by_a_name_of_its_own():
    with Client(mounted(name="admin")) as client:
        logged_in = client.get("/admin/log-in")
        names = {line.partition("=")[0] for line in logged_in.headers.get_list("set-cookie")}

        assert names == {"admin", "admin-flash"}
        assert client.get("/user").text == "None"
        assert client.get("/admin/user").text == "1"
        moved = {"cookie": f"session={client.cookies['admin']}"}
        client.cookies.clear()
        assert client.get("/user", headers=moved).text == "None"


def test_apps_below_one_another_that_share_a_session_are_told():
    shared = [p for p in mounted().problems() if p.id == "sessions.shared"]

    assert "/admin" in shared[0].message
    assert "test_extension.py" in shared[0].where
    assert "sessions.shared" not in [p.id for p in mounted(name="admin").problems()]


def test_a_page_that_waits_shows_a_session_that_its_handler_has_looked_at():
    templates = Templates({"page.html": "{{ session.a }}"})
    app = App(extensions=[Sessions(), templates], secret_keys=["k" * 40])

    @app.get("/")
    async def show(session: Session) -> Template:
        session.touch()
        return Template("page.html", {"session": session}, waits=True)

    @app.get("/late")
    async def late(session: Session) -> Template:
        return Template("page.html", {"session": session}, waits=True)

    with Client(app, cookies=session_cookies(app, {"a": 1})) as client:
        assert client.get("/").text == "1"
        with pytest.raises(GambrelError, match=r"handler had ended(.|\n)*session\.touch\(\)"):
            client.get("/late")
