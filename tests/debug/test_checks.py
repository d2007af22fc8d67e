from dataclasses import dataclass
from typing import Annotated

import pytest

from gambrel import App, Body, Query, Request, when
from gambrel.debug.extension import Debug


@dataclass
class Shed:
    street: str = ""


def problems(handler, path="/{user_id}", code="debug.path-parameter", method="GET"):
    app = App(debug=True, defaults=(), extensions=[Debug(stall=0)])
    app.settings.declare("shed", Provided)
    app.route(path, methods=[method])(handler)
    return [p for p in app.problems(start=True) if p.id == code]


class Provided(Shed): ...


def test_a_parameter_that_is_called_otherwise_than_in_the_path_is_told():
    async def show(name: str) -> str: ...

    (problem,) = problems(show)

    assert problem.message == "nothing takes {user_id} of /{user_id}, and 'name' is not in it"
    assert problem.hint == "write {name} in the path, or call the parameter 'user_id'"
    assert "test_checks.py:" in problem.where


async def takes(user_id: int, page: int) -> str: ...
async def has_a_default(page: int = 1) -> str: ...
async def takes_none() -> str: ...
async def takes_the_request(request: Request) -> str: ...


@pytest.mark.parametrize("handler", [takes, has_a_default, takes_none, takes_the_request])
def test_what_may_be_meant_is_left_alone(handler):
    assert problems(handler) == []


def test_a_path_without_parameters_is_left_alone():
    async def search(q: str) -> str: ...

    assert problems(search, "/search") == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_body_where_none_is_expected_is_told(method):
    async def about(shed: Shed) -> str: ...

    (problem,) = problems(about, "/about", "debug.body", method)

    assert problem.message == f"'shed' of /about is read from the body of {method}"
    assert "`app.provide(Shed, ...)`" in problem.hint
    assert "test_checks.py:" in problem.where


async def marked(shed: Annotated[Shed, Body()]) -> str: ...
async def from_the_query(shed: Annotated[Shed, Query()]) -> str: ...
async def from_settings(shed: Provided) -> str: ...


@pytest.mark.parametrize("handler", [marked, from_the_query, from_settings])
def test_what_is_said_or_provided_is_no_unexpected_body(handler):
    assert problems(handler, "/about", "debug.body") == []


def test_a_body_of_a_post_is_expected():
    async def build(shed: Shed) -> str: ...

    assert problems(build, "/", "debug.body", "POST") == []


def test_without_debug_it_is_told_by_the_check_and_no_start_waits_for_it():
    async def about(shed: Shed) -> str: ...

    for app in (App(), App(defaults=(), extensions=[Debug()])):
        app.get("/")(about)
        asked = [[p.id for p in app.problems(start=start)] for start in (True, False)]
        assert ["debug.body" in ids for ids in asked] == [False, True]


@pytest.mark.parametrize(("condition", "count"), [(when.accept, 1), (when.accept("a/b"), 0)])
def test_a_condition_that_is_not_called_is_told(condition, count):
    app = App(debug=True, defaults=(), extensions=[Debug(stall=0)])
    app.get("/", when=condition)(takes_none)

    found = [p for p in app.problems(start=True) if p.id == "debug.condition"]

    assert [p.hint for p in found] == ["write `when.accept(...)`"] * count
