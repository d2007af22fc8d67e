from collections.abc import AsyncIterator
from typing import Annotated, Any, Union

import pytest
from msgspec import Meta, Struct, defstruct
from sqlalchemy import ForeignKey, Integer, MetaData, func, text
from sqlalchemy.orm import (
    Mapped,
    column_property,
    composite,
    mapped_column,
    relationship,
    synonym,
)

from gambrel import App, Depends, GambrelError, WebSocket
from gambrel.db import AsyncSession, Database, Model, Page, SyncSession
from gambrel.db.checks import mistakes
from gambrel.testing import Client
from gambrel.websockets import WebSockets
from tests.db.shop import Hero, Team, make_database


class TeamPublic(Struct):
    id: int
    name: str


class HeroPublic(Struct):
    id: int
    name: str
    age: float
    nickname: str | None
    team: TeamPublic | None
    extra: str = ""


class Misspelt(Struct):
    nmae: str


class NeverNull(Struct):
    nickname: str


class OtherType(Struct):
    name: int


class TeamOfMisspelt(Struct):
    heroes: list[Misspelt]


def make_app(returns: Any, annotation: Any) -> App:
    app = App(extensions=[make_database("sqlite://")])

    async def handler() -> None: ...

    handler.__annotations__["return"] = annotation
    app.add("/", handler, returns=returns)
    return app


@pytest.mark.parametrize(
    ("returns", "annotation"),
    [
        (HeroPublic, Hero),
        (list[HeroPublic], list[Hero]),
        (Page[HeroPublic], Page[Hero]),
        (HeroPublic | None, Hero | None),
        (TeamPublic, Team),
        (HeroPublic, dict[str, Any]),
    ],
)
def test_a_struct_that_can_be_filled_is_well(returns, annotation):
    assert list(mistakes(make_app(returns, annotation))) == []


@pytest.mark.parametrize(
    ("returns", "annotation", "what", "hint"),
    [
        (Misspelt, Hero, "'nmae', which Hero has not", "did you mean 'name'?"),
        (list[Misspelt], list[Hero], "'nmae', which Hero has not", "did you mean 'name'?"),
        (NeverNull, Hero, "Hero.nickname may be null", "`nickname: str | None`"),
        (OtherType, Hero, "OtherType.name is int, and Hero.name is str", "`name: str`"),
        (TeamOfMisspelt, Team, "Misspelt has 'nmae', which Hero", "did you mean 'name'?"),
    ],
)
def test_a_struct_that_cannot_be_filled_ends_the_start(returns, annotation, what, hint):
    app = make_app(returns, annotation)

    with pytest.raises(GambrelError) as raised, Client(app):
        pass

    assert raised.value.code == "db.shape"
    assert what in raised.value.what
    assert raised.value.hint == hint
    assert [one.id for one in make_app(returns, annotation).problems()] == ["db.shape"]


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Point(Struct):
    x: int
    y: int


class Shape(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    x: Mapped[int]
    y: Mapped[int]
    note: Mapped[str | None]
    called = synonym("name")
    length: Mapped[int] = column_property(func.length(text("name")))
    point: Mapped[Point] = composite("x", "y")


class ShapePublic(Struct):
    called: str
    length: int
    point: Point
    note: Annotated[str | None, Meta(max_length=3)]


def test_what_is_computed_or_has_two_names_is_well():
    assert list(mistakes(make_app(ShapePublic, Shape))) == []


@pytest.mark.parametrize(
    "kind",
    [Annotated[str | None, Meta()], str | int | None, Any, Union[str, None]],  # noqa: UP007
)
def test_what_may_be_null_is_said_in_many_ways(kind):
    shape = defstruct("Shape", [("nickname", kind)])

    assert list(mistakes(make_app(shape, Hero))) == []


def test_a_stream_does_not_hold_the_session_of_its_request():
    app = App(extensions=[make_database("sqlite://")])

    @app.get("/")
    async def stream(db: AsyncSession) -> AsyncIterator[str]:
        yield "x"

    with (
        pytest.raises(GambrelError, match=r"stream takes AsyncSession and is a stream"),
        Client(app),
    ):
        pass


async def in_a_coroutine(db: SyncSession) -> None: ...


def in_a_thread(db: AsyncSession) -> None: ...


async def through_another(found: Annotated[None, Depends(in_a_thread)]) -> None: ...


@pytest.mark.parametrize(
    ("handler", "what"),
    [
        (in_a_coroutine, "in_a_coroutine is `async def` and takes SyncSession"),
        (in_a_thread, "in_a_thread is `def` and takes AsyncSession"),
        (through_another, "in_a_thread is `def` and takes AsyncSession"),
    ],
)
def test_a_function_takes_the_session_of_its_kind(handler, what):
    app = App(extensions=[make_database("sqlite://")])
    app.add("/", handler)

    with pytest.raises(GambrelError, match=what), Client(app):
        pass


def test_a_socket_opens_its_sessions_itself(url):
    app = App(extensions=[make_database(url), WebSockets()])

    @app.websocket("/names")
    async def names(socket: WebSocket, database: Database) -> None:
        async for name in socket:
            async with database.session() as db:
                db.add(Team(name=name))
            await socket.send("kept")

    with Client(app) as client, client.websocket("/names") as socket:
        socket.send("Z-Force")
        assert socket.receive() == "kept"


def test_a_socket_does_not_hold_a_session():
    app = App(extensions=[make_database("sqlite://"), WebSockets()])

    @app.websocket("/")
    async def held(socket: WebSocket, db: AsyncSession) -> None: ...

    with (
        pytest.raises(GambrelError, match="held takes AsyncSession and is a WebSocket"),
        Client(app),
    ):
        pass


async def current_user(db: AsyncSession) -> None: ...


def test_a_socket_holds_no_session_through_what_it_depends_on():
    app = App(extensions=[make_database("sqlite://"), WebSockets()])

    @app.websocket("/")
    async def held(socket: WebSocket, user: Annotated[None, Depends(current_user)]) -> None: ...

    with (
        pytest.raises(GambrelError, match="current_user takes AsyncSession and is for a WebS"),
        Client(app),
    ):
        pass


def test_a_stream_may_depend_on_what_was_loaded_before_it():
    app = App(extensions=[make_database("sqlite://")])

    @app.get("/")
    async def stream(user: Annotated[None, Depends(current_user)]) -> AsyncIterator[str]:
        yield "x"

    assert list(mistakes(app)) == []


@pytest.mark.parametrize(
    ("kind", "method"), [("async", "async_session"), ("plain", "sync_session")]
)
def test_a_session_that_names_its_database_in_text_ends_the_start(kind, method):
    app = App(extensions=[make_database("sqlite://")])

    async def handler(db: Annotated[AsyncSession, "audit"]) -> None: ...

    def plain(db: Annotated[SyncSession, "audit"]) -> None: ...

    app.add("/", handler if kind == "async" else plain)
    (found,) = mistakes(app)

    assert found.code == "db.session-name"
    assert "is a session of 'audit' by text" in found.what
    assert f"Depends(audit.{method})]" in found.hint


@pytest.mark.parametrize(
    ("target", "keys", "options", "told"),
    [
        ("Gaol", (), {}, "did you mean 'Goal'?"),
        ("Zzz", (), {}, "import the module that has it"),
        ("Goal", (), {}, "ForeignKey("),
        ("Goal", ("a_id", "b_id"), {}, "foreign_keys="),
        ("Goal", ("a_id",), {"back_populates": "nothing"}, "`back_populates`"),
    ],
)
def test_models_that_do_not_fit_together_are_told_at_the_start(target, keys, options, told):
    class Lost(Model):
        __abstract__ = True
        metadata = MetaData()

    class Goal(Lost):
        id: Mapped[int] = mapped_column(primary_key=True)

    columns = {name: mapped_column(ForeignKey("goal.id")) for name in keys}
    made = {"id": mapped_column(Integer, primary_key=True), "goal": relationship(target, **options)}
    type("Way", (Lost,), {**made, **columns})
    app = App(extensions=[Database("sqlite://", metadata=Lost.metadata)])
    try:
        (found,) = mistakes(app)
        with pytest.raises(GambrelError, match="do not fit together"), Client(app):
            pass
    finally:
        Lost.registry.dispose()

    assert found.code == "db.relation"
    assert told in found.hint
