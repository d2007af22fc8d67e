from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import attrs
import pydantic
import pytest
from msgspec import Struct

from gambrel import App, GambrelError, Request, Router
from gambrel.templates import Template, Templates
from gambrel.templates.page import Page, values_of
from gambrel.testing import Client
from tests.templates.site import site


class AStruct(Struct):
    title: str


@dataclass
class ADataclass:
    title: str


@attrs.define
class AnAttrs:
    title: str


class AModel(pydantic.BaseModel):
    title: str


class ATuple(NamedTuple):
    title: str


@pytest.mark.parametrize(
    "context",
    [AStruct("x"), ADataclass("x"), AnAttrs("x"), AModel(title="x"), ATuple("x"), {"title": "x"}],
    ids=lambda context: type(context).__name__,
)
def test_the_fields_of_a_typed_value_are_its_values(context):
    assert values_of(context) == {"title": "x"}


def test_no_context_is_no_values():
    assert values_of(None) == {}


@pytest.mark.parametrize("context", ["text", 3, [1], object()])
def test_what_has_no_names_is_refused(context):
    with pytest.raises(GambrelError, match=type(context).__name__) as told:
        values_of(context)

    assert told.value.code == "templates.values"


def test_a_global_is_made_once_for_a_page_and_only_if_it_is_used():
    made = []
    page = Page(SimpleNamespace(), {"a": lambda _: made.append(1) or len(made)})

    assert [page.find("a", None), page.find("a", None), made] == [1, 1, [1]]


def test_without_a_request_there_are_no_globals_of_one():
    assert Page(None, {"a": lambda _: 1}).find("a", "nothing") == "nothing"


def test_url_gives_the_address_of_a_route():
    with Client(site({"index.html": "{{ url('home', _query={'a': '&'}) }}"})) as client:
        assert client.get("/").text == "/?a=%26"


def test_url_finds_a_route_beside_the_one_that_answers():
    app, blog = (
        App(extensions=[Templates({"i.html": "{{ url(':post', id=3) }}"})]),
        Router(name="blog"),
    )

    @blog.get("/")
    async def index() -> Template:
        return Template("i.html")

    @blog.get("/{id:int}")
    async def post(request: Request) -> str:
        return request.path

    app.include(blog, prefix="/blog")
    with Client(app) as client:
        assert client.get("/blog/").text == "/blog/3"


def test_query_changes_the_query_of_the_request():
    text = "{{ query(page=2, sort=None) }} {{ query() }} {{ query(a=['x', 'y'][0]) }}"

    with Client(site({"index.html": text})) as client:
        answer = client.get("/?sort=up&q=%3Cb%3E&page=1").text

    assert answer.split() == [
        "?q=%3Cb%3E&amp;page=2",
        "?sort=up&amp;q=%3Cb%3E&amp;page=1",
        "?sort=up&amp;q=%3Cb%3E&amp;page=1&amp;a=x",
    ]


def test_macros_of_an_imported_file_see_the_page():
    texts = {
        "index.html": "{% from 'm.html' import link %}{{ link() }}",
        "m.html": "{% macro link() %}{{ url('home') }}{{ request.path }}{% endmacro %}",
    }

    with Client(site(texts)) as client:
        assert client.get("/").text == "//"
