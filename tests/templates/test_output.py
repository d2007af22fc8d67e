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

TEXTS = {
    "page.html": "{% extends 'base.html' %}{% from 'm.html' import m with context %}"
    "{% block body %}{{ v }}{{ m(v) }}{% set x %}{{ v }}{% endset %}{{ x }}{{ v ~ '<' }}"
    "{% call m(v) %}{{ v }}{% endcall %}{% for w in [v, v] recursive %}{{ w }}{% endfor %}"
    "{% autoescape false %}{{ v }}{% endautoescape %}"
    "{% autoescape flag %}{{ v }}{% endautoescape %}"
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


@given(st.text() | st.integers() | st.floats() | st.lists(st.text()))
def test_values_are_shown_as_escaped(value):
    assert shown(value) == escape(value)


def test_what_is_not_defined_is_an_error_still():
    with pytest.raises(UndefinedError):
        shown(StrictUndefined(name="x"))


def test_without_what_markupsafe_lends_it_is_the_same():
    assert escape_slowly("<&'\">") == output.escape_text("<&'\">")
