from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from jinja2 import pass_eval_context
from markupsafe import Markup

from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.filters import FILTERS, unfolded
from gambrel.templates.folders import Place
from gambrel.templates.page import Page

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def made(text: str, name: str = "a.html", **values: object) -> str:
    environment = TemplateEnvironment([Place({name: text}, "app")], reload=False)
    template = environment.find(name)
    return "".join(
        template.root_render_func(environment.context_for(template, values, Page(None, {})))
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{{ 1234567.5 | intcomma }}", "1,234,567.5"),
        (
            "{{ 1200000 | intword }} {{ 2000000000 | intword }} {{ 999 | intword }}",
            "1.2 million 2 billion 999",
        ),
        (
            "{{ 1 | ordinal }} {{ 2 | ordinal }} {{ 3 | ordinal }} {{ 11 | ordinal }}",
            "1st 2nd 3rd 11th",
        ),
        ("{{ 3 | apnumber }} {{ 10 | apnumber }}", "three 10"),
        (
            "{{ 1 | pluralize }} {{ [] | pluralize }} {{ [1] | pluralize('y,ies') }}",
            " s y",
        ),
        (
            "{{ true | yesno }} {{ false | yesno('on,off') }} {{ none | yesno('a,b,c') }}",
            "yes off c",
        ),
        ("{{ 'Hello, Wörld! ' | slugify }}", "hello-wörld"),
        ("{{ 1536 | filesizeformat }}", "1.5 kB"),
    ],
)
def test_numbers_and_words(text, shown):
    assert made(text) == shown


@pytest.mark.parametrize(
    ("passed", "since", "natural"),
    [
        (timedelta(seconds=20), "0 minutes", "now"),
        (timedelta(minutes=1), "1 minute", "1 minute ago"),
        (timedelta(hours=3, minutes=5), "3 hours, 5 minutes", "3 hours ago"),
        (timedelta(days=400), "1 year, 1 month", "1 year ago"),
        (timedelta(days=8, minutes=3), "1 week, 1 day", "1 week ago"),
        (timedelta(days=7, minutes=3), "1 week", "1 week ago"),
        (timedelta(days=-2), "0 minutes", "in 2 days"),
    ],
)
def test_times_as_seen_from_now(passed, since, natural):
    then = NOON - passed

    assert made("{{ t | timesince(now) }}", t=then, now=NOON) == since
    assert made("{{ t | naturaltime(now) }}", t=then, now=NOON) == natural


def test_times_without_a_now_are_seen_from_now():
    text = "{{ t | timesince }} {{ t | timeuntil }} {{ t | naturaltime }}"

    assert (
        made(text, t=datetime.now(UTC) - timedelta(hours=2, seconds=9))
        == "2 hours 0 minutes 2 hours ago"
    )
    assert made("{{ t | timesince(now) }}", t=date(2026, 1, 1), now=date(2026, 1, 3)) == "2 days"


def test_days_near_today_have_names():
    today = datetime.now(UTC)
    days = [today, today + timedelta(1), today - timedelta(1)]

    assert (
        made("{% for d in days %}{{ d | naturalday }} {% endfor %}", days=days)
        == "today tomorrow yesterday "
    )
    assert made("{{ d | naturalday }}", d=date(2001, 2, 3)) == "03 February 2001"


def test_dates_and_times_in_a_form():
    text = "{{ d | date }} {{ d | date('%Y') }} {{ d | time }} {{ t | time('%H') }}"

    assert made(text, d=NOON, t=time(7)) == "27 November 2026 2026 12:00 07"


def test_lines_become_paragraphs_and_breaks_and_are_escaped():
    value = "<b>one\r\ntwo\n\n\nthree\n"

    assert made("{{ v | linebreaks }}", v=value) == "<p>&lt;b&gt;one<br>two</p>\n\n<p>three</p>"
    assert made("{{ v | linebreaksbr }}", v="<\n>") == "&lt;<br>&gt;"
    assert made("{{ v | linebreaks }}", v=Markup("<b>x</b>")) == "<p><b>x</b></p>"
    assert made("{{ v | linebreaksbr }}", "a.txt", v="<\n>") == "<<br>>"


HOSTILE = "</script><!--<b>&'\"\u2028\u2029"


def test_json_in_a_page_cannot_end_its_element():
    for text in ("{{ v | json_script('data') }}", "<script>{{ v | tojson }}</script>"):
        page = made(text, v={HOSTILE: HOSTILE})

        assert page.count("<") == page.count(">") == 2
        assert page.isascii()
        inside = page.partition(">")[2].removesuffix("</script>")
        assert msgspec.json.decode(inside) == {HOSTILE: HOSTILE}


def test_json_for_a_script_is_found_by_its_id():
    assert made("{{ [1] | json_script('a\"b') }}") == (
        '<script type="application/json" id="a&#34;b">[1]</script>'
    )
    assert made("{{ none | json_script }}") == '<script type="application/json">null</script>'


@pytest.mark.parametrize("key", ["a b", "a/b", "a>b", "a=b", "a\tb", "a\nb"])
def test_names_of_attributes_that_end_them_are_refused(key):
    with pytest.raises(ValueError, match="attribute name"):
        made("<a{{ {key: 'v'} | xmlattr }}>", key=key)


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example/b?c=d:e#f",
        "HTTP://a.example",
        "mailto:ann@a.example",
        "tel:+491234",
        "/path:x",
        "//a.example/b",
        "path/to:this",
        "?q=javascript:x",
        "#javascript:x",
        "",
    ],
)
def test_addresses_of_links_stay(address):
    assert FILTERS["href"](address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "\x01javascript:alert(1)",
        "java\tscript:alert(1)",
        "java\r\nscript:alert(1)",
        "javascript\n:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "view-source:javascript:x",
        "&#106;avascript:alert(1)",
        ":javascript",
        Markup("&#106;avascript:alert(1)"),
        Markup("javascript&colon;alert(1)"),
        "x y:z",
    ],
)
def test_addresses_that_may_be_scripts_lead_nowhere(address):
    shown = FILTERS["href"](address)

    assert shown == "#" or str(address).startswith("&")
    assert not isinstance(shown, Markup)


def test_an_address_that_was_escaped_is_escaped_once():
    assert FILTERS["href"](Markup("/a?b=1&amp;c=2")) == "/a?b=1&c=2"


def test_a_filter_of_an_app_is_called_for_each_page_though_its_value_is_written_there():
    numbers = iter(range(9))
    environment = TemplateEnvironment([Place({"a.html": "{{ 'x' | next }}"}, "app")], reload=False)
    environment.filters["next"] = unfolded(lambda _: next(numbers))

    assert [environment.find("a.html").render() for _ in range(3)] == ["0", "1", "2"]


def test_a_filter_that_takes_what_jinja_gives_stays_as_it_is():
    taken = pass_eval_context(lambda context, value: context.autoescape)

    assert unfolded(taken) is taken
