# ruff: noqa: T201 - commands print
import enum
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

import click
import pytest
from click.testing import CliRunner, Result

from gambrel import App, Depends, GambrelError, Header
from gambrel.cli.app_commands import command_of, find_commands
from gambrel.cli.main import main

RUNNER = CliRunner()


class Colour(enum.Enum):
    RED = "red"


class Store:
    def __init__(self) -> None:
        self.is_open = True


@dataclass
class Blog:
    title: str = "Notes"


class Blogging:
    name = "blog"
    requires = ()
    settings = Blog

    def install(self, setup: Any) -> None:
        setup.command(export_posts, name="blog-export")


def export_posts(blog: Blog) -> None:
    """Write all posts.

    To the terminal.
    """
    print(blog.title)


def run(function: Callable[..., Any], *args: str, app: App | None = None) -> Result:
    app = app or App(defaults=())
    app.build()
    command = command_of(app, "it", function)
    return RUNNER.invoke(command, list(args), catch_exceptions=False)


def shown(function: Callable[..., Any], *args: str, app: App | None = None) -> str:
    result = run(function, *args, app=app)
    assert result.exit_code == 0, result.output
    return result.output


def test_parameters_are_arguments_and_those_with_defaults_options(folder):
    def it(count: int, *, name: str = "x", loud: bool = False, quick: bool = True) -> None:
        print(json.dumps([count, name, loud, quick]))

    assert shown(it, "3") == '[3, "x", false, true]\n'
    assert shown(it, "3", "--name", "y", "--loud", "--no-quick") == '[3, "y", true, false]\n'


def test_values_are_converted_by_their_annotation(folder):
    def it(
        price: float, file: Path, colour: Colour, size: Literal["s", "l"], tag: str | None = None
    ) -> None:
        print(price, file.name, colour, size, tag)

    assert shown(it, "1.5", "a/b.txt", "red", "s") == "1.5 b.txt Colour.RED s None\n"
    assert run(it, "1.5", "a/b.txt", "RED", "s").exit_code == 2
    assert run(it, "1.5", "a/b.txt", "red", "m").exit_code == 2
    assert run(it, "much", "a/b.txt", "red", "s").exit_code == 2


def test_options_of_an_enum_take_and_show_its_values(folder):
    def it(kind: Colour = Colour.RED, kinds: list[Colour] = [Colour.RED]) -> None:  # noqa: B006
        print(kind, kinds)

    assert shown(it) == "Colour.RED [<Colour.RED: 'red'>]\n"
    assert shown(it, "--kind", "red", "--kinds", "red") == "Colour.RED [<Colour.RED: 'red'>]\n"
    assert "[default: red]" in shown(it, "--help")
    assert "RED" not in shown(it, "--help")


def test_lists_take_several_values(folder):
    def it(names: list[str], tags: list[int] | None = None) -> None:
        print(names, tags)

    assert shown(it, "a") == "['a'] None\n"
    assert shown(it, "a", "b", "--tags", "1", "--tags", "2") == "['a', 'b'] [1, 2]\n"


def test_several_positional_values_may_be_none(folder):
    def it(*names: str) -> None:
        print(names)

    assert shown(it) == "()\n"
    assert shown(it, "a", "b") == "('a', 'b')\n"


def test_a_coroutine_function_is_run(folder):
    async def it(count: int) -> None:
        print(count + 1)

    assert shown(it, "3") == "4\n"


def test_the_decorator_may_have_parentheses(folder):
    (folder / "app.py").write_text(
        "from gambrel import App\napp = App()\n\n@app.command()\ndef greet():\n    print('hello')\n"
    )

    assert CliRunner().invoke(main, ["greet"]).output == "hello\n"


def test_the_app_and_its_settings_are_handed_in(folder):
    app = App(defaults=(), extensions=[Blogging()])

    def it(app: App, blog: Blog, count: int) -> None:
        print(type(app).__name__, blog.title, count)

    assert shown(it, "3", app=app) == "App Notes 3\n"


def test_what_the_lifespan_opens_is_handed_in_while_the_app_runs(folder):
    app = App(defaults=())
    stores: list[Store] = []

    @app.lifespan
    async def opened() -> AsyncIterator[Store]:
        stores.append(Store())
        yield stores[0]
        stores[0].is_open = False

    async def it(store: Store, count: int) -> None:
        print(store.is_open, count)

    assert shown(it, "3", app=app) == "True 3\n"
    assert stores[0].is_open is False


def test_what_the_app_provides_is_handed_in_and_closed(folder):
    app = App(defaults=())
    app.provide(Store, Store, scope="app")
    seen: list[str] = []

    def session(store: Store) -> Iterator[str]:
        yield f"session, {store.is_open}"
        seen.append("closed")

    async def it(
        *names: str, session: Annotated[str, Depends(session)], store: Store, loud: bool = False
    ) -> None:
        print(session, store.is_open, names, loud)

    assert shown(it, "a", "b", "--loud", app=app) == "session, True True ('a', 'b') True\n"
    assert seen == ["closed"]


class Counts(Protocol):
    def count(self) -> int: ...


@runtime_checkable
class Builds(Protocol):
    def build(self) -> object: ...


class Counter:
    def count(self) -> int:
        return 3

    def build(self) -> object:
        return "a counter"


def test_a_protocol_is_what_the_app_provides_and_not_what_has_the_methods(folder):
    app = App()
    app.provide(Counts, Counter, scope="app")
    app.provide(Builds, Counter)

    def command(counts: Counts, builds: Builds) -> None:
        print(counts.count(), builds.build())

    assert shown(command, app=app) == "3 a counter\n"


def test_what_only_a_request_has_no_command_gets(folder):
    def token(authorization: Annotated[str, Header()]) -> str:
        return authorization

    def it(token: Annotated[str, Depends(token)]) -> None: ...

    with pytest.raises(GambrelError, match="comes from a request"):
        run(it)


def test_the_lifespan_stays_closed_for_who_does_not_ask(folder):
    app = App(defaults=())
    opened: list[str] = []

    @app.lifespan
    async def open_store() -> AsyncIterator[Store]:
        opened.append("store")
        yield Store()

    shown(lambda: None, app=app)

    assert opened == []


def test_a_click_command_is_taken_as_it_is(folder):
    app = App(defaults=())
    app.build()
    given = click.Command("it")

    assert command_of(app, "it", given) is given


def test_a_note_in_the_annotation_is_the_help_of_an_option(folder):
    def it(count: Annotated[int, "how many"] = 3) -> None: ...

    assert "how many  [default: 3]" in shown(it, "--help")


def test_a_type_that_nobody_can_type_is_told(folder):
    def it(store: Store) -> None: ...

    with pytest.raises(GambrelError, match="takes a Store") as caught:
        run(it)

    assert caught.value.code == "cli.command-type"


def test_extensions_add_commands_with_their_docstring_as_help(folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n"
        "from tests.cli.test_app_commands import Blogging\n"
        "app = App(extensions=[Blogging()])\n"
    )

    found = find_commands(None)

    assert list(found) == ["blog-export"]
    assert found["blog-export"].get_short_help_str() == "Write all posts."


def test_without_an_app_there_are_none(folder):
    assert find_commands(None) == {}


def test_values_before_several_ones_keep_their_place(folder):
    def it(action: str, *names: str) -> None:
        print(action, names)

    assert shown(it, "add", "a", "b") == "add ('a', 'b')\n"


def test_a_parameter_app_without_a_type_is_the_app(folder):
    def it(name: str, app) -> None:
        print(name, type(app).__name__)

    assert shown(it, "x") == "x App\n"
