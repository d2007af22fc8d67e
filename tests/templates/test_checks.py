from typing import TypedDict

import pytest
from msgspec import Struct

from gambrel import App, Router
from gambrel.extend import Level
from gambrel.templates import TEMPLATE_FOLDERS, Template, Templates, page_values


class Page(Struct):
    title: str


def problems(app: App, prefix: str = "templates.") -> list[tuple[str, str, str]]:
    return [(p.id, p.message, p.hint) for p in app.problems() if p.id.startswith(prefix)]


def app_of(texts: dict[str, str], **options: object) -> App:
    return App(extensions=[Templates(texts, **options)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{% if %}", "Expected an expression"),
        ("{{ x | nofilter }}", "No filter named 'nofilter'"),
        ("{% nosuchtag %}", "unknown tag 'nosuchtag'"),
        ("{% block a %}{% endblock %}{% block a %}{% endblock %}", "block 'a' defined twice"),
    ],
)
def test_every_template_is_compiled(text, told):
    found = app_of({"good.html": "x", "bad.html": f"\n{text}"}).problems()
    found = [problem for problem in found if problem.id == "templates.syntax"]

    assert [told in problem.message for problem in found] == [True]
    assert found[0].where == "bad.html:2"
    assert found[0].level is Level.ERROR


def test_a_file_that_is_not_utf8_is_told(tmp_path):
    (tmp_path / "a.html").write_bytes(b"\xff")

    assert problems(App(extensions=[Templates(tmp_path)]))[0][0] == "templates.syntax"


def test_references_to_what_is_not_there_are_told():
    texts = {
        "base.html": "",
        "a.html": "{% extends 'bse.html' %}{% import 'none.html' as n %}{% include ['x.html'] %}"
        "{% include 'maybe.html' ignore missing %}{% include name %}",
    }

    assert problems(app_of(texts)) == [
        ("templates.not-found", "there is no template 'bse.html'", "did you mean 'base.html'?"),
        ("templates.not-found", "there is no template 'none.html'", ""),
        ("templates.not-found", "there is no template 'x.html'", ""),
    ]


def test_a_name_that_a_handler_does_not_give_is_told():
    app = app_of(
        {
            "base.html": "{{ title }}{{ url('x') }}{{ note | default('') }}"
            "{% if a is defined %}{% endif %}",
            "typed.html": "{% extends 'base.html' %}{{ titel }}",
            "dict.html": "{% for row in rows %}{{ row }}{{ loop.index }}{% endfor %}"
            "{% include 'base.html' %}",
        }
    )

    @app.get("/typed")
    async def typed() -> Template:
        return Template("typed.html", Page("x"))

    @app.get("/dict")
    async def by_name(more: bool = False) -> Template:
        if more:
            return Template("dict.html", context={"rows": [], "title": ""})
        return Template("dict.html", {"rows": []})

    assert problems(app) == [
        (
            "templates.unknown-name",
            "'titel' in typed.html:1 is given by nobody",
            "did you mean 'title'?",
        ),
        (
            "templates.unknown-name",
            "'title' in base.html:1 is given by nobody",
            "give it, or write `title | default(...)`",
        ),
    ]


def test_what_cannot_be_read_from_the_source_is_left_alone():
    app = app_of({"a.html": "{{ x }}"})
    values = {"x": 1}

    @app.get("/a")
    async def a() -> Template:
        return Template("a.html", values)

    @app.get("/b")
    async def b(name: str) -> Template:
        return Template(name, {**values})

    @app.get("/c")
    async def c() -> Template:
        return Template("a.html", {**values})

    @app.get("/d")
    async def d() -> Template:
        return Template("a.html", dict(values))

    assert problems(app) == []


def test_a_template_that_a_handler_names_and_is_not_there_is_told():
    app = app_of({"a.html": ""})

    @app.get("/")
    async def a() -> Template:
        return Template("b.html")

    assert problems(app)[0][:2] == ("templates.not-found", "there is no template 'b.html'")


class Menu(TypedDict):
    menu: list[str]


def test_values_of_all_pages_count_where_their_names_are_known():
    def typed(request: object) -> Menu:
        return {"menu": []}

    def untyped(request: object) -> dict[str, str]:
        return {}

    known, unknown = (
        Router("/known", extra=page_values(typed)),
        Router("/un", extra=page_values(untyped)),
    )
    app = app_of({"a.html": "{{ menu }}{{ other }}"})

    for router in (known, unknown):

        @router.get("/")
        async def a() -> Template:
            return Template("a.html", {})

        app.include(router)

    assert [message for _, message, _ in problems(app)] == [
        "'other' in a.html:1 is given by nobody"
    ]


class Theme:
    name = "theme"
    requires = ("templates",)
    settings = None

    def install(self, setup):
        setup.add(TEMPLATE_FOLDERS, {"base.html": "", "own.html": ""})


def test_which_templates_are_overridden_is_reported():
    app = App(extensions=[Templates({"base.html": ""}), Theme()])

    assert problems(app) == [
        ("templates.overridden", "'base.html' of app stands before that of theme", "")
    ]


def test_what_is_not_escaped_is_told_before_a_deployment():
    app = app_of({"a.html": "\n{{ x | safe }}"})

    found = [p for p in app.problems(deploy=True) if p.id == "templates.safe"]

    assert [(p.where, p.level) for p in found] == [("a.html:2", Level.INFO)]
    assert problems(app) == []


def test_plain_texts_in_a_page_are_told_before_a_deployment():
    texts = {
        "a.html": "{% include 'p.txt' %}\n{% from 'm.txt' import k %}{% include 'b.html' %}",
        "b.html": "",
        "p.txt": "{{ x | safe }}{% include 'm.txt' %}",
        "m.txt": "{% macro k() %}{% endmacro %}",
    }

    found = [p for p in app_of(texts).problems(deploy=True) if p.id == "templates.safe"]

    assert sorted((p.where, p.message.split()[0]) for p in found) == [
        ("a.html:1", "'p.txt'"),
        ("a.html:2", "'m.txt'"),
    ]


def test_links_to_values_that_nobody_looks_at_are_told_before_a_deployment():
    page = """<a href="{{ x }}">
<a href={{ x.y }}><a href="{{ x | href }}"><a href="{{ url('home') }}"><a href="/{{ x }}">
<img alt="{{ x }}" src = '{{ x["y"] }}'>
<a data-href="{{ x }}">"""

    found = [p for p in app_of({"a.html": page}).problems(deploy=True) if p.id == "templates.link"]

    assert [p.where for p in found] == ["a.html:1", "a.html:2", "a.html:3"]
    assert [p.message.split("=")[0] for p in found] == ["href", "href", "src"]


def test_a_page_that_switches_escaping_off_is_found_with_its_line():
    ((code, what, _),) = problems(app_of({"a.html": "\n{% autoescape false %}{% endautoescape %}"}))

    assert code == "templates.syntax"
    assert "cannot be switched off" in what


def test_components_are_given_what_they_take():
    texts = {
        "components/card.html": "{% props title: str %}{{ title }}",
        "components/free.html": "",
        "a.html": "{% component 'card', title=name %}{% endcomponent %}"
        "{% component 'free', any='thing' %}{% endcomponent %}"
        "{% component 'card', titel='x' %}{% endcomponent %}"
        "{% component 'crd' %}{% endcomponent %}",
    }

    assert problems(app_of(texts)) == [
        (
            "templates.component",
            "components/card.html: it has no property 'titel'",
            "did you mean 'title'?",
        ),
        (
            "templates.component",
            "components/card.html: its property 'title' is missing",
            "title=...",
        ),
        (
            "templates.not-found",
            "there is no template 'components/crd.html'",
            "did you mean 'components/card.html'?",
        ),
    ]


class Row(Struct):
    name: str


class Table(Struct):
    rows: list[Row]


def test_an_attribute_that_a_typed_value_does_not_have_is_told():
    app = app_of(
        {
            "base.html": "{% block body %}{% endblock %}",
            "table.html": "{% extends 'base.html' %}\n"
            "{% block body %}{% for row in rows %}{{ row.nmae }}{% endfor %}{% endblock %}",
        }
    )

    @app.get("/")
    async def table() -> Template:
        return Template("table.html", Table([]))

    assert problems(app) == [
        (
            "templates.unknown-name",
            "a Row has no 'nmae', which table.html:2 shows",
            "did you mean 'name'?",
        )
    ]


def test_blocks_know_what_their_template_imports_and_defines():
    app = app_of(
        {
            "base.html": "{% block body %}{% endblock %}",
            "parts.html": "{% macro row(x) %}{{ x }}{% endmacro %}",
            "list.html": "{% extends 'base.html' %}{% from 'parts.html' import row as line %}"
            "{% import 'parts.html' as parts %}{% set most = 3 %}"
            "{% macro tree(n) %}{{ n }}{{ tree(n) }}{% endmacro %}"
            "{% block body %}{{ line(most) }}{{ parts.row(1) }}{{ tree(1) }}"
            "{{ row }}{% endblock %}",
        }
    )

    @app.get("/")
    async def page() -> Template:
        return Template("list.html", {})

    (only,) = problems(app)
    assert only[1] == "'row' in list.html:1 is given by nobody"


def test_what_an_extension_would_give_is_told_with_its_name():
    app = app_of({"a.html": "{{ looks }}", "b.html": "{{ 3 | currency('EUR') }}"})

    @app.get("/")
    async def page() -> Template:
        return Template("a.html", {})

    syntax, unknown = problems(app)
    assert "App(extensions=[I18n(" in syntax[1]
    assert "App(extensions=[Looks()])" in unknown[2]


def test_urls_of_no_route_are_told_where_their_name_is_written_out():
    text = "\n{{ url('hom') }}{{ url('home') }}{{ url(':next') }}{{ url(name) }}{{ url() }}"
    own = "{% macro url(x) %}{% endmacro %}{{ url('hom') }}"
    app = app_of({"a.html": text, "own.html": own})

    @app.get("/", name="home")
    async def home() -> str:
        return ""

    (found,) = [problem for problem in app.problems() if problem.id.startswith("routing.")]
    assert (found.id, found.where, found.level) == ("routing.unknown-name", "a.html:2", Level.ERROR)
    assert "'hom'" in found.message
    assert "did you mean 'home'" in found.hint
