import pytest

from gambrel import App, GambrelError
from gambrel.mounts import Mounts
from gambrel.testing import Client


def hello(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]


def test_an_app_serves_others_from_the_start():
    app = App()
    app.mount("/old", hello)

    with Client(app) as client:
        assert client.get("/old/page").text == "hello"


def test_another_app_is_no_operation_of_this_one():
    app = App()
    app.mount("/old", hello)

    assert [o.path for o in app.operations() if not o.hidden] == []


def test_an_app_that_begins_with_nothing_is_given_mounts():
    app = App(defaults=(), extensions=[Mounts()])
    app.mount("/old", hello)

    with Client(app) as client:
        assert client.get("/old/page").text == "hello"


@pytest.mark.parametrize("declare", ["mount", "raw"])
def test_without_the_extension_a_mounted_app_is_refused_with_the_line_to_type(declare):
    app = App(defaults=())
    getattr(app, declare)("/old", hello)

    with pytest.raises(GambrelError, match=r"\[app.no-extension\] /old") as found:
        app.build()

    assert "test_extension.py" in found.value.where
    assert "from gambrel.mounts import Mounts" in found.value.hint


def test_what_a_mounted_app_of_ours_weakens_is_listed_with_the_rest():
    inner = App(extra={"any_origin": True})

    @inner.post("/votes")
    async def vote() -> str:
        return "counted"

    middle, outer = App(), App()
    middle.mount("/inner", inner)
    outer.mount("/middle", middle)
    outer.mount("/old", hello)

    listed = [problem.id for problem in outer.problems(deploy=True)]

    assert listed.count("origins.open-route") == 1
    assert listed.count("core.hosts") == 1
    assert "origins.open-route" not in [problem.id for problem in outer.problems()]
