import traceback
from datetime import date
from decimal import Decimal

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import StrictUndefined, UndefinedError
from markupsafe import Markup, escape

from gambrel import markup
from gambrel.templates import output
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import Place
from gambrel.templates.output import escape_slowly, shown
from gambrel.templates.page import Page
from gambrel.templates.renderer import Renderer

TEXTS = {
    "page.html": "{% extends 'base.html' %}{% from 'm.html' import m with context %}"
    "{% block body %}{{ v }}{{ m(v) }}{% set x %}{{ v }}{% endset %}{{ x }}{{ v ~ '<' }}"
    "{% call m(v) %}{{ v }}{% endcall %}{% for w in [v, v] recursive %}{{ w }}{% endfor %}"
    "{% autoescape true %}{{ v }}{% endautoescape %}"
    "{% filter upper %}{{ v }}{% endfilter %}{{ v | e }}{% include 'part.txt' %}{% endblock %}",
    "base.html": "<b title='{{ v }}'>{% block body %}{% endblock %}</b>",
    "m.html": "{% macro m(v) %}{{ v }}"
    "{% if caller is defined %}{{ caller() }}{% endif %}{% endmacro %}",
    "part.txt": "{{ v }}",
}
VALUES = [
    "<b>&\"'",
    "plain",
    Markup("<i>"),
    markup.Markup("<u>"),
    1,
    1.5,
    True,
    None,
    Decimal("1.0"),
    date(2026, 1, 1),
    ["<"],
    {"<": ">"},
]


class Titled:
    def __str__(self) -> str:
        return "<t>"


@pytest.mark.parametrize("value", [*VALUES, Titled()], ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("flag", [True, False])
def test_a_page_looks_as_jinja_alone_makes_it(value, flag):
    ours = TemplateEnvironment([Place(TEXTS, "app")], reload=False)
    plain = jinja2.Environment(
        loader=jinja2.DictLoader(TEXTS),
        autoescape=lambda name: name is None or name.endswith(".html"),
        extensions=["jinja2.ext.do"],
    )
    values = {"v": value, "flag": flag}
    template = ours.find("page.html")

    made = "".join(template.root_render_func(ours.context_for(template, values, Page(None, {}))))

    assert made == plain.get_template("page.html").render(values)
    assert type(made) is str


class Shelf:
    name = "<shelf>"
    nothing = None

    def __init__(self) -> None:
        self.inner = {"name": "<inner>", "items": "<its items>", "n": 3}

    def __getitem__(self, key: str) -> str:
        if key == "by_key":
            return "<by key>"
        raise KeyError(key)

    @property
    def broken(self) -> str:
        raise AttributeError("inside")

    @property
    def fails(self) -> str:
        raise ZeroDivisionError("inside")


ATTRIBUTES = [
    "o.name",
    "o.nothing",
    "o.by_key",
    "o.inner.name",
    "o.inner.n",
    "o.inner['items']",
    "o.inner.items() | list",
    "o.broken",
    "o.broken | default('none')",
    "o.missing",
    "o.missing is defined",
    "o.missing.more",
    "o.fails",
    "(o.inner if o.name else o).name",
    "o.name.upper()",
    "p.name",
    "[o, o.inner] | map(attribute='name') | list",
    "5.real",
]


@pytest.mark.parametrize("expression", ATTRIBUTES)
def test_attributes_are_found_as_jinja_alone_finds_them(expression):
    shown = f"{{{{ {expression} }}}}"
    texts = {"page.html": f"a{shown}b{{% for x in [1] %}}<{shown}>{{% endfor %}}"}
    plain = jinja2.Environment(
        loader=jinja2.DictLoader(texts), autoescape=True, undefined=StrictUndefined
    )
    ours = Renderer(TemplateEnvironment([Place(texts, "app")], reload=False), {})
    values = {"o": Shelf()}

    def outcome(make):
        try:
            return make()
        except Exception as error:
            return type(error), str(error)

    wanted = outcome(lambda: plain.get_template("page.html").render(values))

    assert outcome(lambda: ours.render("page.html", values)) == wanted


def test_an_error_is_told_with_its_own_line_of_many():
    text = "<ul>\n<li>{{ a }}</li>\n<li>{{ b.c }}</li>\n<li>{{ a }}</li>\n</ul>"
    renderer = Renderer(TemplateEnvironment([Place({"page.html": text}, "app")], reload=False), {})

    with pytest.raises(UndefinedError) as caught:
        renderer.render("page.html", {"a": 1, "b": {}})

    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame.lineno for frame in frames if frame.name == "top-level template code"] == [3]


def test_a_text_of_a_class_of_its_own_is_escaped_and_what_passes_for_one_too():
    class Text(str):
        __slots__ = ()

    class Proxy:
        __class__ = str

        def __str__(self) -> str:
            return "<proxy>"

    texts = {"page.html": "{{ a }} {{ b }} {{ c }}"}
    renderer = Renderer(TemplateEnvironment([Place(texts, "app")], reload=False), {})

    made = renderer.render("page.html", {"a": Text("<a>"), "b": Proxy(), "c": True})

    assert made == "&lt;a&gt; &lt;proxy&gt; True"


@given(st.text() | st.integers() | st.floats() | st.lists(st.text()))
def test_values_are_shown_as_escaped(value):
    assert shown(value) == escape(value)


def test_what_is_not_defined_is_an_error_still():
    with pytest.raises(UndefinedError):
        shown(StrictUndefined(name="x"))


def test_without_what_markupsafe_lends_it_is_the_same():
    assert escape_slowly("<&'\">") == output.escape_text("<&'\">")


@pytest.mark.parametrize("wanted", [True, False])
def test_in_plain_text_a_value_may_decide_whether_values_are_escaped(wanted):
    texts = {"page.txt": "a{% autoescape wanted %}b{{ v }}c{{ '<' }}d{% endautoescape %}e{{ v }}f"}
    plain = jinja2.Environment(loader=jinja2.DictLoader(texts), autoescape=False)
    ours = Renderer(TemplateEnvironment([Place(texts, "app")], reload=False), {})
    values = {"v": "<b>", "wanted": wanted}

    made = ours.render("page.txt", values)

    assert made == plain.get_template("page.txt").render(values)
