import string
from html import escape
from pathlib import Path
from typing import Any

import pytest

from gambrel import App, GambrelError
from gambrel.extend import TEMPLATE_GLOBALS, Setup
from gambrel.templates import (
    TEMPLATE_CONTEXT,
    TEMPLATE_FILTERS,
    TEMPLATE_FOLDERS,
    TEMPLATE_TESTS,
    Template,
    Templates,
)
from gambrel.testing import Client
from tests.architecture.isolation import run_without
from tests.templates.site import site


class Shop:
    name = "shop"
    requires = ("templates",)
    settings = None

    def install(self, setup: Setup) -> None:
        setup.add(
            TEMPLATE_FOLDERS,
            {
                "shop.html": "{{ n | double }}{{ n is tiny }}{{ cart }}{{ user }}",
                "base.html": "shop",
            },
        )
        setup.add(TEMPLATE_FILTERS, ("double", lambda n: n * 2))
        setup.add(TEMPLATE_TESTS, ("tiny", lambda n: n < 3))
        setup.add(TEMPLATE_GLOBALS, ("cart", lambda request: request.path))
        setup.add(TEMPLATE_CONTEXT, lambda request: {"user": "Ann"})


class Sale(Shop):
    name = "sale"
    requires = ("shop",)

    def install(self, setup: Setup) -> None:
        setup.add(TEMPLATE_FOLDERS, {"base.html": "sale", "shop.html": "on sale"})


def text_of(*extensions: object, name: str) -> str:
    app = App(extensions=extensions)

    @app.get("/")
    async def page() -> Template:
        return Template(name, {"n": 2})

    with Client(app) as client:
        return client.get("/").text


def test_extensions_bring_folders_filters_tests_globals_and_values():
    assert text_of(Templates({}), Shop(), name="shop.html") == "4True/Ann"


def test_the_app_overrides_extensions_and_these_what_they_require():
    assert text_of(Templates({}), Shop(), name="base.html") == "shop"
    assert text_of(Templates({}), Sale(), Shop(), name="base.html") == "sale"
    assert text_of(Templates({"base.html": "mine"}), Sale(), Shop(), name="base.html") == "mine"


def test_an_app_has_filters_tests_and_globals_of_its_own():
    app = site(
        {"index.html": "{{ 2 | double }} {{ 2 is tiny }} {{ version }}"},
        filters={"double": lambda n: n * 2},
        tests={"tiny": lambda n: n < 3},
        globals={"version": "1.0"},
    )

    with Client(app) as client:
        assert client.get("/").text == "4 True 1.0"


def test_the_folder_is_templates_beside_the_file_of_the_app(tmp_path, monkeypatch):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/index.html").write_text("beside")
    text = "from gambrel.templates import Templates\nfound = Templates()"
    space: dict[str, Templates] = {}

    exec(compile(text, str(tmp_path / "app.py"), "exec"), space)

    assert space["found"].build(App()).render("index.html") == "beside"


def test_what_was_typed_is_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    space: dict[str, Templates] = {}

    exec("from gambrel.templates import Templates\nfound = Templates()", space)

    assert space["found"].beside == Path.cwd()


def test_a_folder_that_is_not_there_keeps_the_app_from_starting(tmp_path):
    app = App(extensions=[Templates(tmp_path / "pages")])

    with pytest.raises(GambrelError, match="pages") as told, Client(app):
        pass

    assert told.value.code == "templates.no-folder"
    assert [p.id for p in app.problems() if p.id.startswith("templates")] == ["templates.no-folder"]


def test_two_apps_have_templates_of_their_own():
    with Client(site({"index.html": "one"})) as one, Client(site({"index.html": "two"})) as two:
        assert (one.get("/").text, two.get("/").text) == ("one", "two")


def test_a_changed_file_is_read_again_in_debug_only(tmp_path):
    page = tmp_path / "index.html"
    for debug, texts in ((True, ["one", "two"]), (False, ["one", "one"])):
        page.write_text("one")
        renderer = Templates(tmp_path).build(App(debug=debug))
        first = renderer.render("index.html")
        page.write_text("two")

        assert [first, renderer.render("index.html")] == texts


INSTALL = """
from gambrel import App, GambrelError
from gambrel.templates import Template, Templates
try:
    App(extensions=[Templates({})]).build()
except GambrelError as error:
    print(error.code, error.hint)
"""


def test_without_jinja_the_error_says_what_to_type():
    told = run_without(["jinja2"], INSTALL)

    assert told.strip() == "templates.not-installed pip install 'gambrel[templates]'"


def test_another_engine_makes_templates_of_its_own_ending():
    def dollars(name: str, text: str, values: dict[str, Any]) -> str:
        shown = {key: escape(str(value)) for key, value in values.items()}
        return f"{name}: {string.Template(text).substitute(shown)} at {values['request'].path}"

    folder = {"page.dollar": "$greeting, {{ $site }}", "page.html": "{{ greeting }}, {{ site }}"}
    templates = Templates(
        folder, engines={"dollar": dollars}, context=lambda request: {"site": "S"}
    )
    app = App(extensions=[templates])

    @app.get("/{kind}")
    async def page(kind: str) -> Template:
        return Template(f"page.{kind}", {"greeting": "<Hi>"})

    with Client(app, raise_server_errors=False) as client:
        assert client.get("/html").text == "&lt;Hi&gt;, S"
        other = client.get("/dollar")
        assert other.text == "page.dollar: &lt;Hi&gt;, {{ S }} at /dollar"
        assert other.headers["content-type"] == "text/html; charset=utf-8"
        assert client.get("/none").status_code == 500
    assert list(templates.check(app)) == []
