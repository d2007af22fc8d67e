import pytest
from jinja2 import nodes

from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import Place
from gambrel.templates.translated import has_same_markup, messages_in
from gambrel.wording import SPEAKER


class Catalog:
    """A language with a table."""

    tag, direction = "x", "ltr"

    def __init__(self, **texts):
        self.texts = texts

    @property
    def language(self):
        return self

    def translate(self, message, plural="", number=None, context=""):
        source = message if number in {None, 1} else plural
        return self.texts.get(source.partition(" ")[0], source)


def rendered(source, texts=None, name="a.html", **values):
    environment = TemplateEnvironment([Place({name: source}, "app")], reload=False)
    token = SPEAKER.set(Catalog(**(texts or {})))
    try:
        return environment.get_template(name).render(**values)
    finally:
        SPEAKER.reset(token)


def test_a_block_says_what_is_in_it_and_escapes_its_values():
    source = "{% trans name=user %}Hello <b>{{ name }}</b>{% endtrans %}"

    assert rendered(source, user="<i>") == "Hello <b>&lt;i&gt;</b>"
    assert (
        rendered(source, {"Hello": "Hallo <b>%(name)s</b>"}, user="<i>") == "Hallo <b>&lt;i&gt;</b>"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<b onclick=x>%(name)s</b>",
        "<b>%(name)s</b><img src=x>",
        "< b>",
        "&lt;script",
        "a & b",
    ],
)
def test_markup_that_is_not_in_the_template_is_text(text):
    page = rendered("{% trans name=1 %}Hello <b>{{ name }}</b>{% endtrans %}", {"Hello": text})

    assert "<script" not in page
    assert "<b onclick" not in page
    assert "<img" not in page


def test_what_an_expression_says_is_escaped_like_any_text():
    assert rendered("{{ _('Hello') }}", {"Hello": "<b>"}) == "&lt;b&gt;"
    assert rendered("{{ gettext('Hello %(a)s', a='<') }}") == "Hello &lt;"


def test_numbers_choose_the_form():
    source = "{% trans count=n %}{{ count }} car{% pluralize %}{{ count }} cars{% endtrans %}"

    assert [rendered(source, n=n) for n in (1, 2)] == ["1 car", "2 cars"]
    assert rendered("{{ ngettext('one', 'many', n) }}", n=2) == "many"


def test_plain_texts_are_not_escaped():
    source = "{% trans name=user %}Hello {{ name }} & all{% endtrans %}"

    assert rendered(source, name="a.txt", user="<Ann>") == "Hello <Ann> & all"
    assert rendered(source, {"Hello": "<%(name)s>"}, name="a.txt", user="Ann") == "<Ann>"


def test_percent_signs_are_what_they_are():
    assert rendered("{% trans %}100 % sure{% endtrans %}") == "100 % sure"
    assert rendered("{% trans n=5 %}{{ n }} % off{% endtrans %}") == "5 % off"
    assert rendered("{% trans n=5 %}100 % off{% endtrans %}") == "100 % off"


def test_a_translation_with_other_values_is_not_used():
    source = "{% trans name=1 %}Hello <b>{{ name }}</b>{% endtrans %}"

    assert rendered(source, {"Hello": "Hallo %(nmae)s"}) == "Hello <b>1</b>"


def test_elements_must_be_the_very_same():
    sources = ('See <a href="/x">this</a> &amp; that',)

    assert has_same_markup('Sieh <a href="/x">dies</a> &amp; das', sources)
    assert not has_same_markup('Sieh <a href="/y">dies</a>', sources)
    assert not has_same_markup("Sieh &nbsp; das", sources)
    assert not has_same_markup("a > b", sources)


def test_texts_are_found_with_their_lines():
    source = """{{ _("A") }}
{% trans %}B{% endtrans %}
{% trans "place" %}C{% endtrans %}
{% trans n=1 %}D{% pluralize %}E{% endtrans %}
{{ npgettext("x", "F", "G", 2) }} {{ _(name) }}"""
    environment = TemplateEnvironment([], reload=False)

    tree = environment.parse(source)

    assert isinstance(tree, nodes.Template)
    assert sorted(messages_in(tree), key=str) == [
        (1, "_", ("A",)),
        (2, "gettext", ("B",)),
        (3, "pgettext", ("place", "C")),
        (4, "ngettext", ("D", "E")),
        (5, "_", (None,)),
        (5, "npgettext", ("x", "F", "G", None)),
    ]
