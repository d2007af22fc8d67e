import pytest

from gambrel import App, Request
from gambrel.debug.extension import Debug


def problems(handler, path="/{user_id}"):
    app = App(debug=True, defaults=(), extensions=[Debug(stall=0)])
    app.get(path)(handler)
    return [p for p in app.problems(start=True) if p.id == "debug.path-parameter"]


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
