import pytest
from jinja2 import TemplateSyntaxError, UndefinedError
from msgspec import Struct

from gambrel import GambrelError
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import Place
from gambrel.templates.page import Page

XSS = """<script>alert(1)</script>"' onload=x & {{ 7*7 }}"""


def environment(texts: dict[str, str]) -> TemplateEnvironment:
    return TemplateEnvironment([Place(texts, "app")], reload=False)


def made(texts: dict[str, str], name: str = "index.html", **values: object) -> str:
    found = environment(texts)
    within = found.context_for(found.get_template(name), values, Page(None, {}))
    return "".join(found.get_template(name).root_render_func(within))


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xml", "a.svg", "a.jinja", "a.html.j2"])
def test_values_are_escaped(name):
    text = made({name: "<p title='{{ x }}'>{{ x }}</p>"}, name, x=XSS)

    assert "<script>" not in text
    assert "{{ 7*7 }}" in text
    assert text.count("'") == 2
    assert '"' not in text


def test_what_is_marked_as_markup_is_not_escaped_again():
    assert made({"index.html": "{{ x | escape | upper }}"}, x="<b>") == "&LT;B&GT;"
    assert made({"index.html": "{{ x | safe }}"}, x="<b>") == "<b>"


def test_macros_blocks_and_includes_escape_too():
    texts = {
        "index.html": "{% extends 'base.html' %}{% from 'm.html' import show %}"
        "{% block body %}{{ show(x) }}{% include 'part.html' %}"
        "{% set y %}{{ x }}{% endset %}{{ y }}{% endblock %}",
        "base.html": "{% block body %}{% endblock %}",
        "m.html": "{% macro show(v) %}{{ v }}{% endmacro %}",
        "part.html": "{{ x }}",
    }

    assert made(texts, x="<b>") == "&lt;b&gt;" * 3


def test_tojson_takes_typed_values_and_is_safe_in_a_script():
    class Point(Struct):
        x: int
        name: str

    text = made({"index.html": "<script>{{ p | tojson }}</script>"}, p=Point(1, "</script>'&"))

    assert text == r'<script>{"x":1,"name":"\u003c/script\u003e\u0027\u0026"}</script>'


@pytest.mark.parametrize(
    "text",
    [
        "{{ nobody }}",
        "{% if nobody %}{% endif %}",
        "{% for x in nobody %}{% endfor %}",
        "{{ 'a' ~ nobody }}",
        "{{ {}.nobody }}",
    ],
)
def test_a_name_that_nobody_gives_is_an_error(text):
    with pytest.raises(UndefinedError, match="nobody"):
        made({"index.html": text})


def test_what_may_be_missing_says_so():
    text = "{{ nobody | default('-') }}{{ nobody is defined }}"

    assert made({"index.html": text}) == "-False"


def test_a_value_hides_a_global():
    found = environment({"index.html": "{{ a }}{{ b }}"})
    page: Page = Page(object(), {"a": lambda _: "global", "b": lambda _: "b"})
    template = found.get_template("index.html")

    assert (
        "".join(template.root_render_func(found.context_for(template, {"a": "own"}, page)))
        == "ownb"
    )


def test_a_template_is_never_made_from_a_text():
    with pytest.raises(GambrelError) as told:
        environment({}).from_string("{{ 7 * 7 }}")

    assert told.value.code == "templates.from-text"


TEXTS = {
    "index.html": "{% extends 'base.html' %}{% from 'm.html' import b %}{% set n = 2 %}"
    "{% block body %}<ul>{% block rows %}"
    "{% for r in rows %}{{ b(r) }}{{ n }}{% endfor %}{% endblock %}</ul>{% endblock %}",
    "base.html": "<html>{% block body %}{% endblock %}{% block foot %}foot{% endblock %}",
    "m.html": "{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}",
}


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ("rows", "<b>&lt;</b>2<b>3</b>2"),
        ("body", "<ul><b>&lt;</b>2<b>3</b>2</ul>"),
        ("foot", "foot"),
    ],
)
def test_a_block_is_made_alone_with_what_its_file_imports_and_sets(block, text):
    found = environment(TEXTS)
    template = found.block_of("index.html", block)

    within = found.context_for(template, {"rows": ["<", 3]}, Page(None, {}))

    assert "".join(template.root_render_func(within)) == text


def test_a_block_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(GambrelError) as told:
        environment(TEXTS).block_of("index.html", "rowz")

    assert (told.value.code, told.value.hint) == ("templates.no-block", "did you mean 'rows'?")


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xml", "a.svg", "a"])
@pytest.mark.parametrize("switch", ["false", "x", "none"])
def test_escaping_cannot_be_switched_off_in_a_page(name, switch):
    text = f"\n{{% autoescape {switch} %}}{{{{ x }}}}{{% endautoescape %}}"

    with pytest.raises(TemplateSyntaxError, match="cannot be switched off") as told:
        made({name: text}, name, x=XSS)

    assert (told.value.name, told.value.lineno) == (name, 2)


def test_escaping_can_be_switched_on():
    text = "{% autoescape true %}{{ x }}{% endautoescape %}"

    assert (
        made({"a.txt": text}, "a.txt", x="<") == made({"a.html": text}, "a.html", x="<") == "&lt;"
    )


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("{{ looks }}", "Looks()"),
        ("{% for one in flash %}{% endfor %}", "Sessions()"),
        ("{{ csrf_token.field }}", "Sessions(tokens=True)"),
        ("{{ 3 | currency('EUR') }}", 'I18n("en")'),
    ],
)
def test_what_an_extension_would_give_is_told_with_what_to_type(text, extension):
    with pytest.raises((UndefinedError, TemplateSyntaxError)) as told:
        made({"index.html": text})
    assert f"App(extensions=[{extension}]), after `from gambrel." in str(told.value)


def test_an_attribute_of_such_a_name_is_not_taken_for_it():
    with pytest.raises(UndefinedError) as told:
        made({"index.html": "{{ page.looks.x }}"}, page={})
    assert "extensions" not in str(told.value)
