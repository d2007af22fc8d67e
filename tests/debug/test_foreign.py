import msgspec
import pytest

import gambrel
from gambrel import App, Depends, GambrelError, Query, Request, Response, Router
from gambrel.db import Database
from gambrel.debug import foreign
from gambrel.debug.foreign import NAMES, foreign_name
from gambrel.middleware import CORS
from gambrel.testing import make_request


def raised(call):
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it says
        call()
    return caught.value


def import_one(name):
    import_from("gambrel", name)


def import_from(module, name):
    exec(f"from {module} import {name}")


def set_status_code(response):
    response.status_code = 201


def build(**settings):
    App(**settings).build()


def build_method():
    app = App()

    class Views:
        @app.get("/")
        async def show(self) -> str:
            return "shown"

    app.build()


class Team:
    """As a model of another framework has it."""


@pytest.mark.parametrize(
    ("mistake", "typed"),
    [
        (lambda: App().on_event, "`@app.lifespan`"),
        (lambda: Router().register_blueprint, "`app.include(router)`"),
        (lambda: make_request().query_params, "`request.query`"),
        (lambda: make_request().form["x"], "await request.form()"),
        (lambda: import_one("HTTPException"), "`abort(404,"),
        (lambda: import_one("Struct"), "from msgspec import Struct"),
        (lambda: import_from("gambrel.testclient", "TestClient"), "gambrel.testing import Client"),
        (lambda: import_from("gambrel.testing", "TestClient"), "gambrel.testing import Client"),
        (lambda: import_from("gambrel.middleware", "CORSMiddleware"), "CORS(...)"),
        (lambda: set_status_code(Response()), "`status`"),
        (lambda: Response("x", status_code=201), "`status`"),
        (lambda: import_one("request"), "`request: Request`"),
        (lambda: import_one("CORS"), "from gambrel.middleware import CORS"),
        (lambda: App().ws, "`@router.websocket(path)`"),
        (lambda: CORS(allow_origins=["*"]), "`origins=`"),
        (lambda: CORS(["*"]), "`CORS(origins=["),
        (lambda: build(title="Shop"), "OpenAPI"),
        (lambda: App().get("/", response_model=int)(lambda: 1), "`returns=Type`"),
        (lambda: Query(max_length=5), "Meta(max_length=...)"),
        (lambda: Query(default=5), "Query()] = 10"),
        (lambda: Query("q"), "Query(alias=...)"),
        (lambda: App("shop"), "without a name"),
        (lambda: App(CORS()), "`App(extensions=[...])`"),
        (lambda: Depends(), "Depends(Mailer)"),
        (lambda: build_method(), "`app.add(path, views.show)`"),
        (lambda: App().middleware("http"), "`@app.middleware`"),
        (lambda: import_one("UnprocessableEntity"), "`Unprocessable`"),
        (lambda: import_one("render_template"), "`Template("),
        (lambda: Database("sqlite://").scalars, "`db: AsyncSession`"),
        (lambda: Team.objects, "`await db.scalars(select(Model))`"),
    ],
)
def test_a_name_of_another_framework_is_told_in_our_words(mistake, typed):
    assert typed in foreign_name(raised(mistake))


class Size(msgspec.Struct):
    width: int = 0


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: App().rout,
        lambda: Size(default=1),
        lambda: Size(1, 2),
        lambda: Size(pattern="x"),
        lambda: make_request().close[0],
    ],
)
def test_other_mistakes_are_not_of_its_business(mistake):
    assert foreign_name(raised(mistake)) is None


def test_an_error_of_ours_is_left_alone():
    assert foreign_name(GambrelError("a.b", "c")) is None


def test_what_is_told_is_not_here_under_that_name():
    assert {"foreign_name", "NAMES"} == set(foreign.__all__)
    assert not [
        name
        for name in NAMES[r"cannot import name '(\w+)' from 'gambrel[\w.]*'"]
        if name in gambrel.__all__
    ]
    app, request, database = list(NAMES.values())[:3]
    assert not [name for name in app if hasattr(App, name)]
    assert not [name for name in request if hasattr(Request, name)]
    assert not [name for name in database if hasattr(Database, name)]
