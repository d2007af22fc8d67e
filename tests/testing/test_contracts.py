"""The document of an app as property tests: what agrees passes, what does not is found."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct
from schemathesis.core.failures import FailureGroup

from gambrel import App, Response, Upload
from gambrel.testing import contract

quickly = settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)


class Pot(Struct):
    name: str
    litres: Annotated[int, Meta(ge=1)] = 1


class Shelf(dict[int, Pot]):
    pass


def make_app() -> App:
    app = App()

    @app.lifespan
    async def open_shelf() -> AsyncIterator[Shelf]:
        yield Shelf()

    @app.put("/pots/{number}")
    async def put(number: int, pot: Pot, shelf: Shelf) -> Pot:
        shelf[number] = pot
        return pot

    @app.post("/pictures")
    async def add(pot: Pot, picture: Upload) -> int:
        return picture.size

    return app


schema = contract(make_app())


@schema.parametrize()
@quickly
def test_an_app_keeps_what_its_document_says(case):
    case.call_and_validate()


def fails(schema: Any) -> bool:
    """Tell whether an example is found that does not agree."""
    cases = st.one_of(*(found.ok().as_strategy() for found in schema.get_all_operations()))

    @quickly
    @given(cases)
    def agrees(case: Any) -> None:
        case.call_and_validate()

    try:
        agrees()
    except FailureGroup:
        return True
    return False


def test_an_answer_that_is_not_as_described_is_found():
    app = App()

    @app.get("/pot", returns=Pot)
    async def show() -> Response:
        return Response(b'{"litres": 0}', media_type="application/json")

    assert fails(contract(app))


DESIGN = {
    "openapi": "3.1.1",
    "info": {"title": "Pots", "version": "1"},
    "paths": {
        "/pot": {
            "get": {
                "responses": {
                    "200": {
                        "description": "the pot",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    }
                }
            }
        }
    },
}


@pytest.mark.parametrize("answer", [Pot("a"), ["a"]])
def test_an_app_is_held_to_a_document_that_was_there_first(answer, tmp_path):
    app = App()

    @app.get("/pot")
    async def show() -> Any:
        return answer

    (tmp_path / "design.json").write_text(json.dumps(DESIGN))

    assert fails(contract(app, DESIGN)) is (answer == ["a"])
    assert fails(contract(app, tmp_path / "design.json")) is (answer == ["a"])
