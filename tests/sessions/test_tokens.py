import asyncio
import gzip
import itertools
import re
from typing import Any

import pytest
from msgspec import Struct

from gambrel import HTML, App, GambrelError, HTTPError, NotFound, Redirect, Request
from gambrel.core.http.errors import Forbidden
from gambrel.forms import Forms, HTMLForm
from gambrel.sessions import CSRFToken, MemoryStore, Session, Sessions
from gambrel.sessions.session import Session as Values
from gambrel.sessions.tokens import check_token, token_in_page
from gambrel.templates import Template, Templates
from gambrel.testing import Client, make_request

STORES = {"cookie": lambda: None, "store": MemoryStore}


class LogIn(Struct):
    name: str


def app_of(store: Any = None, **options: Any) -> App:
    app = App(extensions=[Forms(), Sessions(store=store, tokens=True, **options)])

    @app.route("/", methods=["GET", "POST"])
    async def log_in(form: HTMLForm[LogIn]) -> HTML | Redirect:
        if form.value is None:
            return HTML(form.__html__(), form.status)
        return Redirect("/welcome", 303)

    @app.post("/user")
    async def become(session: Session) -> None:
        session["user"] = 7
        session.rotate()

    @app.post("/out")
    async def leave(session: Session) -> None:
        session.end()

    @app.get("/token")
    async def token(token: CSRFToken) -> str:
        return str(token)

    @app.post("/hook", extra={"any_origin": True})
    async def hook(session: Session) -> str:
        return "taken"

    return app


def shown_in(page: Any) -> str:
    [found] = re.findall(r'name="_csrf" value="([^"]+)"', page.text)
    return str(found)


@pytest.fixture(params=STORES)
def client(request: Any) -> Any:
    with Client(app_of(STORES[request.param]())) as client:
        yield client


def test_forms_bring_the_token_by_themselves_and_without_it_nothing_is_taken(client):
    page = client.get("/")
    without = client.post("/", data={"name": "Ann"})
    forged = client.post("/", data={"name": "Ann", "_csrf": "x" * 43})
    good = client.post("/", data={"name": "Ann", "_csrf": shown_in(page)})

    assert (without.status_code, forged.status_code, good.status_code) == (403, 403, 303)
    assert "Load the page again" in without.json()["detail"]


def test_of_another_visitor_it_is_worth_nothing(client):
    stolen = shown_in(client.get("/"))
    client.cookies.clear()
    client.get("/")

    assert client.post("/", data={"name": "Ann", "_csrf": stolen}).status_code == 403


def test_without_a_session_a_log_in_of_another_site_is_refused(client):
    """T-C06-3: nobody needs a cookie for it."""
    assert client.post("/", data={"name": "Eve"}).status_code == 403
    assert (
        client.post("/user", content=b"x", headers={"content-type": "text/plain"}).status_code
        == 403
    )


def test_scripts_send_it_in_a_header(client):
    token = client.get("/token").text

    assert client.post("/out").status_code == 403
    assert client.post("/out", headers={"x-csrf-token": "x"}).status_code == 403
    assert client.post("/out", headers={"x-csrf-token": token}).status_code == 204


def test_a_session_that_rotates_has_another(client):
    before = client.get("/token").text
    assert client.post("/user", headers={"x-csrf-token": before}).status_code == 204
    after = client.get("/token").text

    assert client.post("/out", headers={"x-csrf-token": before}).status_code == 403
    assert client.post("/out", headers={"x-csrf-token": after}).status_code == 204


def test_no_two_pages_have_the_same_text_of_it(client):
    """T-C06-4: a fixed secret in compressed pages can be found out byte by byte (BREACH)."""
    shown = [shown_in(client.get("/")) for _ in range(20)]
    token = client.get("/token").text
    sizes = {len(gzip.compress(f"{token[:8]} {text}".encode(), mtime=0)) for text in shown}

    assert len(set(shown)) == 20
    assert all(
        client.post("/", data={"name": "A", "_csrf": text}).status_code == 303 for text in shown
    )
    assert len({text[:4] for text in shown}) > 15
    assert max(sizes) - min(sizes) < 16


def test_until_a_page_shows_it_there_is_no_session(client):
    assert "set-cookie" not in client.post("/hook").headers
    assert "set-cookie" in client.get("/").headers


def test_a_page_with_a_token_is_private(client):
    """T-C08-1: whose token it was, a cache must not give to the next one."""
    assert client.get("/").headers["cache-control"] == "private, no-store"
    assert client.get("/token").headers["cache-control"] == "private, no-store"
    assert "no-store" in client.post("/", data={}).headers["cache-control"]


def test_programs_that_bring_no_cookie_and_are_no_form_need_none(client):
    assert client.post("/user", json={}).status_code == 204
    assert client.post("/user", json={}).status_code == 403  # it has a cookie now


def test_a_route_can_let_all_sites_in(client):
    assert client.post("/hook", data={"a": "b"}).text == "taken"


def test_the_other_guard_is_there_too(client):
    token = client.get("/token").text
    headers = {"x-csrf-token": token, "sec-fetch-site": "cross-site"}

    assert client.post("/out", headers=headers).status_code == 403


METHODS = ("POST", "PUT", "PATCH", "DELETE")
KINDS = ("application/x-www-form-urlencoded", "text/plain", "application/json", None)
TOKENS = ("good", "bad", "none", "empty", "cut", "long", "of another session")
CREDENTIALS = ("session", "basic", "bearer", "none")


def test_the_matrix_a_request_passes_with_the_token_or_without_anything_ambient():
    """T-C06-1 for tokens: methods, content types, credentials, and what is in the token's place."""
    app = App(extensions=[Sessions(tokens=True)])

    @app.route("/", methods=METHODS)
    async def change(session: Session) -> None:
        session["x"] = 1

    app.get("/")(token_of)
    wrong = []
    with Client(app) as client:
        other = client.get("/").text
        client.cookies.clear()
        good = client.get("/").text
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        client.cookies.clear()
        texts = {"good": good, "bad": good[::-1], "empty": "", "cut": good[:-1], "long": good * 9}
        texts["of another session"] = other
        for method, kind, token, who in itertools.product(METHODS, KINDS, TOKENS, CREDENTIALS):
            headers = {"content-type": kind} if kind else {}
            headers |= {"x-csrf-token": texts[token]} if token in texts else {}
            headers |= {"cookie": cookie} if who == "session" else {}
            headers |= (
                {"authorization": f"{who.title()} eDp5"} if who in {"basic", "bearer"} else {}
            )
            answer = client.request(method, "/", headers=headers, content=b"x" if kind else b"")
            client.cookies.clear()
            is_asked = who in {"session", "basic"} or kind != "application/json"
            passes = not is_asked or (token == "good" and who == "session")
            if (answer.status_code == 204) != passes:
                wrong.append((method, kind, token, who, answer.status_code))

    assert wrong == []


async def token_of(token: CSRFToken) -> str:
    return str(token)


@pytest.mark.parametrize("sent", ["", "é", "=" * 43, "A" * 42, "A" * 44, "\0", "A" * 10_000])
def test_what_is_no_token_does_not_fit(sent):
    token = CSRFToken(Values())
    str(token)

    assert not token.fits(sent)
    assert token.fits(str(token))


def test_a_session_without_a_token_fits_nothing():
    token = CSRFToken(Values())

    assert not token.fits("A" * 43)
    assert not CSRFToken({"_csrf": 7}).fits("A" * 43)


def test_of_a_file_nothing_fits(client):
    files = {"_csrf": ("token.txt", client.get("/token").text.encode())}

    assert client.post("/", data={"name": "A"}, files=files).status_code == 403


def test_safe_methods_are_not_asked():
    asyncio.run(check_token(make_request("GET"), CSRFToken({})))
    with pytest.raises(Forbidden):
        asyncio.run(check_token(make_request("POST"), CSRFToken({})))


def test_templates_show_it_where_the_handler_has_a_session(tmp_path):
    (tmp_path / "page.html").write_text("{{ csrf_token.field }}{{ csrf_token.meta }}")
    app = App(extensions=[Templates(tmp_path), Sessions(tokens=True)])

    @app.get("/")
    async def page(session: Session) -> Template:
        return Template("page.html")

    @app.get("/without")
    async def without() -> Template:
        return Template("page.html")

    with Client(app, raise_server_errors=False) as client:
        text = client.get("/").text
        assert client.get("/without").status_code == 500

    field = '<input type="hidden" name="_csrf" value="[^"]{43}">'
    assert re.fullmatch(f'{field}<meta name="csrf-token" content="[^"]{{43}}">', text)
    with pytest.raises(GambrelError, match="its handler has no session"):
        token_in_page(make_request())


@pytest.mark.parametrize("store", STORES)
def test_the_pages_of_errors_are_made_of_the_same_layout(store):
    """They have the token of a session that there is, and begin none."""
    pages = {"page.html": "{{ title }}{{ csrf_token.field }}{{ csrf_token.meta }}"}
    app = App(extensions=[Templates(pages), Sessions(store=STORES[store](), tokens=True)])

    @app.on_error(HTTPError)
    async def failed(request: Request, error: HTTPError) -> Template:
        return Template("page.html", {"title": error.title}, error.status)

    @app.get("/")
    async def page(session: Session) -> Template:
        return Template("page.html", {"title": "page"})

    @app.get("/{number:int}")
    async def missing(number: int, wanted: int, session: Session) -> None:
        raise NotFound

    @app.post("/")
    async def change(session: Session) -> str:
        return "changed"

    with Client(app) as client:
        strange = client.get("/7?wanted=1")
        [token] = re.findall('value="([^"]{43})"', client.get("/").text)
        known = client.get("/7?wanted=1")
        [shown] = re.findall('value="([^"]{43})"', known.text)
        odd, nowhere = client.get("/7?wanted=x"), client.get("/no/where")
        foreign = client.post("/", headers={"sec-fetch-site": "cross-site"})
        lacking = client.post("/")
        assert client.post("/", data={"_csrf": shown}).text == "changed"

    assert (strange.status_code, strange.text) == (404, "Not Found")
    assert "set-cookie" not in strange.headers
    assert shown != token
    assert known.headers["cache-control"] == "private, no-store"
    assert (odd.status_code, bool(shown_in(odd))) == (422, True)
    assert (nowhere.status_code, nowhere.text) == (404, "Not Found")
    assert (foreign.status_code, foreign.text) == (403, "Forbidden")
    assert lacking.status_code == 403
    assert shown_in(lacking) != shown


def test_without_tokens_forms_have_no_field_for_them():
    app = App(extensions=[Forms(), Sessions()])

    @app.route("/", methods=["GET", "POST"])
    async def log_in(form: HTMLForm[LogIn]) -> HTML:
        return HTML(form.__html__())

    with Client(app) as client:
        answer = client.get("/")

    assert "_csrf" not in answer.text
    assert "set-cookie" not in answer.headers
