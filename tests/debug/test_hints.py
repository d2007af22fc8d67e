import asyncio
import contextlib
import dataclasses
import errno
import inspect
import json
import os
from datetime import UTC, datetime

import msgspec
import pytest
from jinja2 import Environment, StrictUndefined

from gambrel import App
from gambrel.core.http.bodies.forms import Upload, parse_form
from gambrel.core.http.errors import GambrelError, NotFound, UnsupportedMediaType
from gambrel.core.http.headers import Headers
from gambrel.debug import hints
from gambrel.debug.hints import hint_for

NOTHING = None


async def load():
    return {"name": "Ada"}


def raised(function):
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def rendered(text, **values):
    return Environment(undefined=StrictUndefined).from_string(text).render(values)


def coroutine_used():
    coroutine = load()
    try:
        return coroutine["name"]
    finally:
        coroutine.close()


def coroutine_encoded():
    coroutine = load()
    try:
        return msgspec.json.encode(coroutine)
    finally:
        coroutine.close()


def loop_in_loop():
    async def handler():
        coroutine = load()
        try:
            asyncio.run(coroutine)
        finally:
            coroutine.close()

    asyncio.run(handler())


def timed_out():
    async def handler():
        raise TimeoutError

    asyncio.run(handler())


def add(first, second):
    return first + second


async def numbers():
    yield 1


def plain_numbers():
    yield 1


def iterate_plain():
    async def handler():
        async for _ in plain_numbers():
            pass

    asyncio.run(handler())


def partially():
    raise ImportError(
        "cannot import name 'app' from partially initialized module 'shop' "
        "(most likely due to a circular import) (/shop/app.py)"
    )


class Depends:
    pass


def gambrel(code, what="it"):
    return lambda: (_ for _ in ()).throw(GambrelError(code, what))


def port():
    raise OSError(errno.EADDRINUSE, "Address already in use")


def early():
    if NOTHING:
        yield 1


def twice():
    yield 1
    yield 2


def enter(generator):
    return contextlib.contextmanager(generator)().__enter__()


def leave(generator):
    with contextlib.contextmanager(generator)():
        pass


def shared_by_structs():
    class Item(msgspec.Struct):
        tags: list[str] = ["x"]

    return Item


def shared_by_dataclasses():
    @dataclasses.dataclass
    class Item:
        tags: list[str] = ["x"]  # noqa: RUF008 - the mistake

    return Item


def save_again():
    asyncio.run(Upload("cover", "cover.png", "image/png").save(__file__))


def says(text):
    def mistake():
        raise RuntimeError(text)

    return mistake


CASES = [
    ("forgotten_await", coroutine_used, "`await`"),
    ("forgotten_await", coroutine_encoded, "`await`"),
    ("blocking_call", loop_in_loop, "asyncio.run"),
    ("blocking_call", timed_out, "asyncio.to_thread"),
    ("missing_package", lambda: __import__("watchfiles_x"), "pip install watchfiles_x"),
    ("wrong_form_encoding", lambda: "photo.jpg".filename, "multipart/form-data"),
    ("wrong_form_encoding", lambda: parse_form(b"", "text/plain"), "multipart/form-data"),
    ("port_taken", port, "--port 8001"),
    ("circular_import", partially, "third"),
    ("duplicate_route", gambrel("routing.conflict"), "same method and path"),
    ("bad_annotation", gambrel("binding.annotation"), "TYPE_CHECKING"),
    ("bad_annotation", lambda: "Hero" | NOTHING, "`X | None`"),
    ("not_serialisable", lambda: msgspec.json.encode({"a": object()}), "`object`"),
    ("not_serialisable", lambda: json.dumps({1, 2}), "`set`"),
    (
        "answer_of_error_handler",
        lambda: (_ for _ in ()).throw(TypeError("the error handler f returned a tuple")),
        "JSON(value, status=418)",
    ),
    ("body_not_a_struct", gambrel("binding.unsupported-type"), "msgspec.Struct"),
    ("depends_as_default", gambrel("binding.default-marker"), "Annotated[T, Depends(f)]"),
    ("depends_as_default", lambda: Depends().query, "Annotated[T, Depends(f)]"),
    ("unknown_converter", gambrel("routing.pattern", "has the unknown converter x"), "{id:int}"),
    ("missing_provider", gambrel("binding.no-provider"), "app.provide"),
    ("missing_argument", lambda: add(1), "Depends(add)"),
    ("attribute_of_none", lambda: NOTHING.name, "`.name`"),
    ("attribute_of_none", lambda: NOTHING["name"], "`None`"),
    ("attribute_of_none", lambda: NOTHING * 2, "`None`"),
    ("missing_key", lambda: os.environ["GAMBREL_NO_SUCH"], "export GAMBREL_NO_SUCH="),
    ("missing_key", lambda: Headers()["x-tenant"], "Header()"),
    ("sync_generator", iterate_plain, "use `for`"),
    ("sync_generator", lambda: list(numbers()), "`async for`"),
    ("generator_without_yield", lambda: enter(early), "before its `yield`"),
    ("generator_without_yield", lambda: leave(twice), "second `yield`"),
    ("mutable_default", shared_by_structs, "of msgspec: `tags"),
    ("mutable_default", shared_by_dataclasses, "of dataclasses: `tags"),
    ("naive_datetime", lambda: datetime.now(UTC) - datetime(2026, 1, 1), "datetime.now(UTC)"),  # noqa: DTZ001
    (
        "json_as_text",
        lambda: (_ for _ in ()).throw(UnsupportedMediaType("Send it as application/json.")),
        "Content-Type: application/json",
    ),
    ("upload_saved_again", save_again, "replace=True"),
    ("name_in_template", lambda: rendered("{{ titel }}", title="x"), "Did you mean `title`?"),
    ("name_in_template", lambda: rendered("{{ titel }}", rows=[]), "The page has `rows`."),
    ("name_in_template", lambda: rendered("{{ looks }}"), "`App(extensions=[Looks()])`, after"),
    ("name_in_template", lambda: rendered("{{ 3 | currency }}"), '[I18n("en")])`, after'),
    (
        "missing_provider",
        lambda: (_ for _ in ()).throw(
            GambrelError("binding.no-provider", "x", "", "App(extensions=[A()]), after `b`")
        ),
        "Add the extension that gives it: `App(extensions=[A()])`, after `b`.",
    ),
    ("missing_argument", lambda: App().provide(dict), "`app.provide(Repo, Repo)`"),
    ("piece_of_a_stream", lambda: b"".join([5]), "`-> AsyncIterator[int]`"),
    ("settings_too_early", lambda: App().settings.shed, "settings: ShedSettings"),
    ("missing_table", says("no such table: hero"), "`gambrel db up`"),
    ("several_at_once", says("concurrent operations are not permitted"), "`gather`"),
    (
        "unknown_kind",
        says("a Core type when resolving for Python type indicated by '<class 'a.Street'>'"),
        "JSONOf(Street)",
    ),
    ("foreign_name", lambda: App().include_router, "`app.include(router)`"),
]


def call(function):
    result = function()
    return next(result) if inspect.isgenerator(result) else result


@pytest.mark.parametrize(("name", "mistake", "typed"), CASES)
def test_a_common_mistake_is_recognised(name, mistake, typed):
    error = raised(lambda: call(mistake))
    (hint,) = [hint for hint in hints.HINTS if hint.__name__ == name]

    assert typed in hint(error)
    assert hint_for(error) == hint(error)


def test_there_are_many_and_each_has_a_case():
    assert len(hints.HINTS) == 30
    assert {hint.__name__ for hint in hints.HINTS} == {name for name, _, _ in CASES}


def test_a_package_that_an_extra_brings_names_the_extra():
    error = ModuleNotFoundError("No module named 'httpx2'", name="httpx2")

    assert "pip install 'gambrel[test]'" in hints.missing_package(error)


def test_a_package_is_named_as_it_is_installed():
    error = ModuleNotFoundError("No module named 'PIL'", name="PIL.Image")

    assert "pip install pillow" in hints.missing_package(error)


def test_the_cause_of_an_error_is_asked_as_well():
    outer = RuntimeError("could not start")
    outer.__cause__ = raised(port)

    assert "--port" in hint_for(outer)


def test_an_error_of_the_framework_brings_its_own_hint():
    assert hint_for(GambrelError("x.y", "what", "where", "type this")) == "type this"


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), KeyError("name"), KeyError(), NotFound(), TypeError("x"), OSError(2, "x"),
     AttributeError("x"), ModuleNotFoundError("x"), TimeoutError(), FileExistsError(17, "x"),
     GambrelError("x.y", "z")],
)  # fmt: skip
def test_an_ordinary_error_has_no_hint(error):
    assert hint_for(error) is None


def test_a_chain_that_bites_its_tail_ends():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert hint_for(first) is None
