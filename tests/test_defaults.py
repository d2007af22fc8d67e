import json

from gambrel import App
from gambrel.debug.extension import Debug
from gambrel.defaults import default_extensions
from gambrel.middleware import SecurityHeaders
from gambrel.testing import Client
from tests.architecture.isolation import run_without

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
