import json
from typing import Annotated

import pytest
from msgspec import Struct

from gambrel import App, Cookie
from gambrel.debug.extension import Debug
from gambrel.defaults import default_extensions
from gambrel.forms import Forms, HTMLForm
from gambrel.middleware import SecurityHeaders
from gambrel.sessions import Session, Sessions
from gambrel.testing import Client
from tests.architecture.isolation import run_without
from tests.core.edges.server import visit

LOADED = """
from gambrel import App
app = App(debug=sys.argv[1] == "debug")
app.build()
print(json.dumps([name for name in sys.modules if name.startswith("gambrel.debug")]))
"""


def hello_app(**options: object) -> App:
    app = App(**options)

    @app.get("/")
    async def hello() -> str:
        return "hello"

    @app.get("/broken")
    async def broken() -> str:
        raise LookupError("the reason")

    return app


def test_the_defaults_stand_around_no_request():
    assert hello_app().build().middleware == []


def test_an_app_is_safe_documented_and_debuggable_from_the_start():
    assert [extension.name for extension in default_extensions()] == [
        "security_headers",
        "cross_origin",
        "openapi",
        "mounts",
        "websockets",
        "server",
        "debug",
    ]
    with Client(hello_app()) as client:
        assert client.get("/").headers["x-content-type-options"] == "nosniff"
        assert client.get("/docs").status_code == 200


def test_the_defaults_can_be_left_out_or_replaced():
    with Client(hello_app(defaults=())) as client:
        assert "x-content-type-options" not in client.get("/").headers
    with Client(hello_app(extensions=[SecurityHeaders(frame_options="")])) as client:
        assert "x-frame-options" not in client.get("/").headers


def test_waiting_for_news_is_for_handlers_that_hold_no_thread_meanwhile():
    app = App()

    @app.get("/poll", waits=True)
    async def poll() -> None: ...

    @app.get("/held", waits=True)
    def held() -> None: ...

    found = [problem for problem in app.problems(start=True) if problem.id == "server.waits"]

    assert [problem.message.split()[0] for problem in found] == ["/held"]
    assert "test_defaults.py" in found[0].where


def test_error_pages_are_shown_where_debug_is_on():
    browser = {"accept": "text/html"}

    with Client(hello_app(debug=True), raise_server_errors=False) as client:
        assert "the reason" in client.get("/broken", headers=browser).text
    with Client(hello_app(), raise_server_errors=False) as client:
        assert "the reason" not in client.get("/broken", headers=browser).text


def test_ones_own_debug_extension_takes_the_place_of_the_default():
    app = hello_app(debug=True, extensions=[Debug(stall=0)])

    assert app.build().middleware == []
    assert [extension.name for extension in app.extensions] == ["debug"]


def test_what_shows_errors_is_loaded_only_where_debug_is_on():
    assert json.loads(run_without((), LOADED, "production")) == []
    assert "gambrel.debug.page" in json.loads(run_without((), LOADED, "debug"))


FOREIGN = {"origin": "https://evil.example", "cookie": "user=ann"}


def bank(**options: object) -> App:
    app = App(**options)

    @app.get("/balance")
    async def balance() -> str:
        return "100"

    @app.post("/transfer")
    async def transfer(user: Annotated[str, Cookie()]) -> str:
        return f"transferred for {user}"

    @app.post("/hook", extra={"any_origin": True})
    def hook() -> str:
        return "told"

    return app


def test_a_page_of_another_site_changes_nothing_in_any_app():
    with Client(bank()) as client:
        foreign = client.post("/transfer", headers=FOREIGN)
        told = client.post("/transfer", headers={"sec-fetch-site": "cross-site"})
        own = client.post("/transfer", headers={**FOREIGN, "origin": "http://localhost"})
        silent = client.post("/transfer", headers={"cookie": "user=ann"})
        read = client.get("/balance", headers=FOREIGN)

    assert (foreign.status_code, told.status_code) == (403, 403)
    assert own.text == silent.text == "transferred for ann"
    assert read.status_code == 200


def test_what_is_for_pages_of_all_sites_says_so_and_deploy_checks_tell():
    with Client(bank()) as client:
        hook = client.post("/hook", headers=FOREIGN)
    with Client(bank(extra={"any_origin": True})) as client:
        open_to_all = client.post("/transfer", headers=FOREIGN)
    found = [p for p in bank().problems(deploy=True) if p.id == "origins.open-route"]

    assert hook.text == "told"
    assert open_to_all.status_code == 200
    assert ["/hook" in problem.message for problem in found] == [True]
    assert "test_defaults.py" in found[0].where


def test_further_origins_are_a_setting(monkeypatch):
    monkeypatch.setenv("GAMBREL_CROSS_ORIGIN__TRUSTED", "https://evil.example")

    with Client(bank()) as client:
        assert client.post("/transfer", headers=FOREIGN).status_code == 200


def old(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"done"]


@pytest.mark.parametrize(("declare", "rest"), [("mount", "/"), ("raw", "")])
def test_a_page_of_another_site_changes_nothing_in_an_app_of_another_framework(declare, rest):
    app = App()
    getattr(app, declare)("/old", old)
    getattr(app, declare)("/votes", old, extra={"any_origin": True})

    with Client(app) as client:
        foreign = client.post(f"/old{rest}", headers=FOREIGN)
        own = client.post(f"/old{rest}", headers={"origin": "http://localhost"})
        read = client.get(f"/old{rest}", headers=FOREIGN)
        meant = client.post(f"/votes{rest}", headers=FOREIGN)

    assert foreign.status_code == 403
    assert own.text == read.text == meant.text == "done"


def test_a_mounted_app_of_ours_says_itself_what_is_for_pages_of_all_sites():
    app, bare = App(), App(defaults=())
    bare.add("/close", lambda: "closed", ["POST"])
    app.mount("/bank", bank())
    app.mount("/bare", bare)

    with Client(app) as client:
        refused = client.post("/bank/transfer", headers=FOREIGN)
        hook = client.post("/bank/hook", headers=FOREIGN)
        unguarded = client.post("/bare/close", headers=FOREIGN)

    assert (refused.status_code, hook.text, unguarded.status_code) == (403, "told", 403)


@pytest.mark.parametrize("is_around", [False, True])
def test_what_is_refused_is_not_read(is_around):
    app = App()

    @app.post("/notes")
    def note(body: dict[str, str]) -> str:
        return "noted"

    @app.middleware if is_around else id
    async def around(request, call_next):
        return await call_next(request)

    sent = visit(
        app, "/notes", "POST", headers=[(b"origin", b"https://evil.example")], body=[b"{}"]
    )

    assert (sent.status, sent.received) == (403, 0)


def test_nothing_is_asked_of_safe_methods():
    (route,) = [route for route in bank().routes if route.pattern.text == "/balance"]
    guarded = [route for route in bank().routes if route.pattern.text == "/transfer"]

    assert "guard" not in route.endpoint.call.__qualname__
    assert "guard" in guarded[0].endpoint.call.__qualname__


def test_the_origins_that_sessions_and_forms_trust_pass_the_guard_of_the_app():
    class Name(Struct):
        name: str

    app = App(
        extensions=[
            Sessions(trusted=["https://app.example"]),
            Forms(trusted=["https://form.example"]),
        ]
    )

    @app.post("/session")
    async def keep(session: Session) -> str:
        return "kept"

    @app.post("/form")
    async def take(form: HTMLForm[Name]) -> str:
        return "taken"

    name, partner = {"name": "ann"}, {"origin": "https://form.example"}
    with Client(app) as client:
        assert client.post("/session", headers={"origin": "https://app.example"}).text == "kept"
        assert client.post("/form", data=name, headers=partner).text == "taken"
        assert (
            client.post("/form", data=name, headers={"origin": "https://app.example"}).status_code
            == 403
        )
