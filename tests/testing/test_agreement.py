"""One call: an app that agrees with its document passes, and what does not is told."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from gambrel import App, Cookie, Form, Header, NotFound, Request, Response, Stream, Upload
from gambrel.testing import assert_contract
from gambrel.testing.agreement import fits


class Pot(Struct):
    name: str
    litres: Annotated[int, Meta(ge=1)] = 1


def test_an_app_that_agrees_with_its_document_passes():
    app = App()

    @app.put("/pots/{number}")
    async def put(number: int, pot: Pot, tag: Annotated[str, Header()], page: int = 1) -> Pot:
        return pot

    @app.post("/pictures")
    async def add(pot: Pot, picture: Upload) -> int:
        return picture.size

    @app.post("/names")
    async def name(name: Annotated[str, Form()], mark: Annotated[str, Cookie()] = "") -> str:
        return name

    assert_contract(app)


def test_an_error_that_was_not_expected_names_operation_request_and_answer():
    app = App()

    @app.get("/share")
    async def share(among: int) -> float:
        return 10 / among

    with pytest.raises(AssertionError) as caught:
        assert_contract(app)

    assert str(caught.value) == (
        "GET /share (share)\n"
        "  asked: GET /share?among=0 (the query parameter 'among' as '0')\n"
        "  answered: 500, for it raised ZeroDivisionError: division by zero"
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_status_that_is_not_documented_is_told_once():
    app = App()

    @app.get("/pots/{number}")
    async def show(number: int) -> Pot:
        raise NotFound

    with pytest.raises(AssertionError) as caught:
        assert_contract(app)

    told = str(caught.value)
    assert "  answered: 404 application/problem+json; documented: 200, 400, 406, 422" in told
    assert told.count("answered") == 1


def test_what_is_declared_is_documented():
    app = App()

    @app.get("/pots/{number}", responses={404: "There is no such pot."})
    async def show(number: int) -> Pot:
        raise NotFound

    assert_contract(app)


def test_a_media_type_that_is_not_documented_is_told():
    app = App()

    @app.get("/pot", returns=Pot)
    async def show() -> Response:
        return Response(b"a pot", media_type="text/plain")

    with pytest.raises(AssertionError, match="200 text/plain; documented: 200 application/json"):
        assert_contract(app)


def test_bodies_of_requests_are_told():
    app = App()

    @app.post("/pots")
    async def add(pot: Pot) -> int:
        return 1 // (1 - pot.litres)

    with pytest.raises(AssertionError, match=r'application/json \{"name": "a", "litres": 1\}'):
        assert_contract(app)


def test_what_goes_with_each_request_opens_what_is_guarded():
    app, seen = App(), set()

    @app.get("/mine")
    async def mine(request: Request) -> str:
        seen.add(request.headers["authorization"])
        return "mine"

    assert_contract(app, headers={"Authorization": "Bearer of-a-test"})

    assert seen == {"Bearer of-a-test"}


def test_operations_are_left_out_by_their_ids():
    app = App()

    @app.delete("/all")
    async def drop() -> None:
        raise AssertionError("it was asked")

    assert_contract(app, skip={"drop"})


def test_a_stream_without_an_end_is_hung_up():
    app = App()

    @app.get("/ticks")
    async def ticks() -> Stream:
        async def forever() -> AsyncIterator[str]:
            yield "tick"
            await asyncio.Event().wait()

        return Stream(forever(), media_type="text/plain")

    assert_contract(app, DESIGN | {"paths": {"/ticks": DESIGN["paths"]["/pot"]}})


DESIGN: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "Pots", "version": "1"},
    "paths": {
        "/pot": {
            "get": {
                "responses": {
                    "2XX": {"description": "the pot", "content": {"text/*": {}}},
                }
            }
        }
    },
}


def test_an_app_is_held_to_a_document_that_was_there_first():
    app = App()

    @app.get("/pot")
    async def show() -> Pot:
        return Pot("a")

    with pytest.raises(AssertionError, match=r"200 application/json; documented: 200 text/\*"):
        assert_contract(app, DESIGN)


def test_a_document_that_is_not_valid_is_told_before_anything_is_asked():
    document = DESIGN | {"paths": {"/pot": {"get": {}}}}

    with pytest.raises(AssertionError, match="not valid:\nGET /pot: it has no responses"):
        assert_contract(App(), document)


@pytest.mark.parametrize(
    ("kind", "is_fit"), [("text/html", True), ("text/*", True), ("*/*", True), ("image/*", False)]
)
def test_a_media_type_fits_a_range(kind, is_fit):
    assert fits("text/html", kind) is is_fit
