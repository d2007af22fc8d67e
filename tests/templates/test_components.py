import asyncio

import pytest
from jinja2 import TemplateNotFound, TemplateSyntaxError

from gambrel import App, GambrelError
from gambrel.templates import Renderer, Template, Templates
from gambrel.testing import Client
from tests.templates.site import site

CARD = """{% props title: str, tone: str = "plain", note: str | none = none %}
<section class="{{ tone }}"><h2>{{ title }}</h2>{% slot %}empty{% endslot %}
{%- if "foot" in slots %}<footer>{% slot foot %}{% endslot %}</footer>{% endif %}</section>"""


def renderer(page: str, **components: str) -> Renderer:
    texts = {f"components/{name}.html": text for name, text in components.items()}
    return Templates({"page.html": page, **texts}).build(App())


def made(page: str, values: object = None, **components: str) -> str:
    text = renderer(page, **{"card": CARD, **components}).render("page.html", values)
    return " ".join(text.split())


def test_a_component_has_properties_with_defaults():
    assert made("{% component 'card', title='<A>' %}{% endcomponent %}") == (
        '<section class="plain"><h2>&lt;A&gt;</h2>empty</section>'
    )


def test_what_stands_in_it_fills_its_slots():
    page = """{% component "card" title=name tone="loud" %}
      <p>{{ name }}</p>
      {% fill foot %}{{ name | upper }}{% endfill %}
    {% endcomponent %}"""

    assert made(page, {"name": "<Ann>"}) == (
        '<section class="loud"><h2>&lt;Ann&gt;</h2> <p>&lt;Ann&gt;</p> '
        "<footer>&lt;ANN&gt;</footer></section>"
    )


def test_components_stand_in_components():
    page = """{% for n in [1, 2] %}{% component "card", title="outer" %}
      {% component "card", title="inner" %}
        {{ n }}{% fill foot %}f{{ n }}{% endfill %}
      {% endcomponent %}
      {% fill foot %}{% component "card", title="foot" %}{% endcomponent %}{% endfill %}
    {% endcomponent %}{% endfor %}"""

    text = made(page)

    assert text.count("outer") == text.count("inner") == text.count("foot</h2>") == 2
    assert " 1 <footer>f1</footer>" in text
    assert text.count("empty") == 2


def test_a_component_sees_its_properties_and_the_globals_of_the_page_alone():
    texts = {
        "index.html": "{% set secret = 1 %}{% component 'own' %}{% endcomponent %}",
        "components/own.html": "{{ url('home') }}{{ secret is defined }}{{ title is defined }}",
    }

    with Client(site(texts, {"title": "x"})) as client:
        assert client.get("/").text == "/FalseFalse"


@pytest.mark.parametrize(
    ("given", "what", "hint"),
    [
        ("", "components/card.html: its property 'title' is missing", "title=..."),
        ("title=1", "'title' is str, and was given 1", "give it a str"),
        ("title='x', tonne='y'", "it has no property 'tonne'", "did you mean 'tone'?"),
        ("title=none", "'title' is str, and was given None", "give it a str"),
    ],
)
def test_properties_that_do_not_fit_are_refused(given, what, hint):
    with pytest.raises(GambrelError) as told:
        made(f"{{% component 'card' {given} %}}{{% endcomponent %}}")

    assert told.value.code == "templates.component"
    assert what in told.value.what
    assert told.value.hint == hint


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("int", 1, True),
        ("int", True, False),
        ("bool", True, True),
        ("float", 1, True),
        ("float", "1", False),
        ("list", (1,), True),
        ("dict", {}, True),
        ("any", True, True),
        ("str | none", None, True),
        ("str|int", 1, True),
        ("str|int", 1.0, False),
    ],
)
def test_types_of_properties(kind, value, fits):
    found = renderer(
        "{% component 'c', x=x %}{% endcomponent %}", c=f"{{% props x: {kind} %}}{{{{ x }}}}"
    )

    if fits:
        assert found.render("page.html", {"x": value}) == str(value)
    else:
        with pytest.raises(GambrelError, match="'x' is"):
            found.render("page.html", {"x": value})


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("{% fill foot %}{% endfill %}", "stands directly in a `component`"),
        (
            "{% component 'card' %}{% if x %}{% fill foot %}{% endfill %}{% endif %}",
            "stands directly in a `component`",
        ),
        ("{% props x: strin %}", "no property is of type 'strin'"),
        ("{% props x = y %}", "the default of 'x' is no constant"),
        ("{% component 'card' 'x' title %}{% endcomponent %}", "expected"),
    ],
)
def test_what_cannot_be_read_is_told(page, told):
    with pytest.raises(TemplateSyntaxError, match=told):
        made(page)


def test_a_component_that_is_not_there_is_told():
    with pytest.raises(TemplateNotFound, match=r"components/crd\.html"):
        made("{% component 'crd' %}{% endcomponent %}")


def test_a_component_is_a_fragment_as_it_is():
    app = App(extensions=[Templates({"components/card.html": CARD})])

    @app.get("/card")
    async def card() -> Template:
        return Template("components/card.html", {"title": "x"})

    with Client(app) as client:
        assert "<h2>x</h2>empty" in client.get("/card").text


def test_in_a_template_that_waits_components_wait_too():
    async def name() -> str:
        return "Ann"

    page = """{% component "card", title=name() %}
      {{- name() -}}{% fill foot %}f{% endfill -%}
    {% endcomponent %}"""

    text = asyncio.run(renderer(page, card=CARD).render_async("page.html", {"name": name}))

    assert "<h2>Ann</h2>Ann<footer>f</footer>" in text
