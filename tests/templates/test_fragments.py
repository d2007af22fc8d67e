import asyncio
import sys
import threading
from datetime import UTC, timedelta, timezone, tzinfo
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import App, GambrelError, Request, Router
from gambrel.templates import Renderer, Template, Templates
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.folders import Place
from gambrel.templates.fragments import Fragments, key_of
from gambrel.testing import Client
from gambrel.wording import SPEAKER, zone_now


def renderer(text: str, *, reload: bool = False, **texts: str) -> Renderer:
    places = [Place({"page.html": text, **{f"{k}.html": v for k, v in texts.items()}}, "app")]
    return Renderer(TemplateEnvironment(places, reload=reload), {})


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"<{self.count}>"


def test_a_part_is_made_once_for_each_key():
    pages = renderer("{% cache 'menu', role, 5 %}{{ role }}{{ n() }}{% endcache %}!")
    n = Counter()

    made = [pages.render("page.html", {"role": role, "n": n}) for role in ("a", "b", "a", 1, "1")]

    assert made == ["a&lt;1&gt;!", "b&lt;2&gt;!", "a&lt;1&gt;!", "1&lt;3&gt;!", "1&lt;4&gt;!"]


def test_it_counts_for_so_many_seconds_and_can_be_forgotten():
    pages = renderer("{% cache 'menu', seconds=10 %}{{ n() }}{% endcache %}")
    now, n = [100.0], Counter()
    pages.environment.fragments.clock = lambda: now[0]

    def page() -> str:
        return pages.render("page.html", {"n": n})

    assert [page(), page()] == ["&lt;1&gt;"] * 2
    now[0] += 10
    assert page() == "&lt;2&gt;"
    pages.forget("other")
    assert page() == "&lt;2&gt;"
    pages.forget("menu")
    assert page() == "&lt;3&gt;"


def test_while_developing_nothing_is_kept():
    pages, n = renderer("{% cache 'menu' %}{{ n() }}{% endcache %}", reload=True), Counter()

    assert [pages.render("page.html", {"n": n}) for _ in range(2)] == ["&lt;1&gt;", "&lt;2&gt;"]


def test_parts_stand_in_parts_and_in_blocks_and_loops():
    text = (
        "{% extends 'base.html' %}{% block main %}{% for x in [1, 2, 1] %}"
        "{% cache 'outer', x %}[{{ n() }}{% cache 'inner' %}{{ n() }}{% endcache %}]{% endcache %}"
        "{% endfor %}{% endblock %}"
    )
    pages, numbers = renderer(text, base="<{% block main %}{% endblock %}>"), iter(range(9))

    made = pages.render("page.html", {"n": lambda: next(numbers)})

    assert made == "<[01][21][01]>"


def test_the_same_name_in_another_template_is_another_part():
    pages = renderer(
        "{% cache 'a' %}one{% endcache %}{% include 'other.html' %}",
        other="{% cache 'a' %}two{% endcache %}",
    )

    assert pages.render("page.html") == "onetwo"


def test_a_part_that_waits_is_kept_too():
    pages, n = renderer("{% cache 'menu' %}{{ wait() }}{% endcache %}"), Counter()

    async def wait() -> str:
        return n()

    async def both() -> list[str]:
        return [await pages.render_async("page.html", {"wait": wait}) for _ in range(2)]

    assert asyncio.run(both()) == ["&lt;1&gt;"] * 2


def site(text: str) -> App:
    app = App(extensions=[Templates({"page.html": text})])

    @app.get("/{word}", name="page")
    async def page(word: str) -> Template:
        return Template("page.html", {"word": word})

    return app


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{% cache 'm' %}{{ request.path }}{% endcache %}", "'request'"),
        ("{{ request.path }}{% cache 'm' %}{{ request.path }}{% endcache %}", "'request'"),
        (
            "{%macro m()%}{{ request }}{%endmacro%}{{ request }}{%cache 1%}{{ m() }}{%endcache%}",
            "'request'",
        ),
        (
            "{% cache 'm' %}{% for x in [1] %}{{ request.path }}{% endfor %}{% endcache %}",
            "'request'",
        ),
        ("{% cache 'm' %}{{ query(a=1) }}{% endcache %}", "'query'"),
        ("{% cache 'm' %}{{ csp_nonce() }}{% endcache %}", "'csp_nonce'"),
        ("{% cache 'm' %}{% cache 'n' %}{{ query() }}{% endcache %}{% endcache %}", "'query'"),
    ],
)
def test_what_belongs_to_a_request_is_refused_in_a_part_for_all(text, wrong):
    with Client(site(text)) as client, pytest.raises(GambrelError, match=wrong) as caught:
        client.get("/a")

    assert caught.value.code == "templates.cached-request"


def test_addresses_and_what_the_key_covers_may_be_used():
    text = (
        "{% cache 'm', request.path, uses=['request'] %}{{ url('page', word=1) }}"
        "{{ request.path }}{% endcache %}{{ request.method }}"
    )
    with Client(site(text)) as client:
        assert [client.get(path).text for path in ("/a", "/b", "/a")] == [
            "/1/aGET",
            "/1/bGET",
            "/1/aGET",
        ]


@pytest.mark.parametrize("value", [[1], {"a": 1}, object(), Request])
def test_a_key_tells_by_itself_what_it_is(value):
    pages = renderer("{% cache 'm', value %}x{% endcache %}")

    with pytest.raises(GambrelError) as caught:
        pages.render("page.html", {"value": value})

    assert caught.value.code == "templates.cache-key"


def test_what_fails_is_not_kept():
    pages = renderer("{% cache 'm' %}{{ 1 / zero }}{% endcache %}")

    with pytest.raises(ZeroDivisionError):
        pages.render("page.html", {"zero": 0})
    assert pages.render("page.html", {"zero": 1}) == "1.0"


def test_of_too_many_those_used_longest_ago_go():
    fragments = Fragments(limit=25)
    for key in "abc":
        fragments.keep((key,), "x" * 10, 60)
        fragments.find(("a",))

    assert [fragments.find((key,)) is None for key in "abc"] == [False, True, False]
    assert fragments.size == 20
    fragments.keep(("d",), "x" * 100, 60)
    assert fragments.size == 0


Plain: Any = st.text() | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)


@given(st.lists(Plain, min_size=1), st.lists(Plain, min_size=1))
def test_different_values_have_different_keys(one, other):
    """T-C08-3."""
    typed = [[(type(value), value) for value in values] for values in (one, other)]

    assert (key_of(["n", *one], "t") == key_of(["n", *other], "t")) is (typed[0] == typed[1])


class Tongue:
    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.direction = "ltr"

    def translate(self, message: str, *_: Any) -> str:
        return f"{message} ({self.tag})"


class Listener:
    def __init__(self, tag: str, zone: tzinfo = UTC) -> None:
        self.language, self.zone = Tongue(tag), zone


def spoken_to(pages: Renderer, speaker: Any, **values: Any) -> str:
    token = SPEAKER.set(speaker)
    try:
        return pages.render("page.html", values)
    finally:
        SPEAKER.reset(token)


@pytest.mark.parametrize(
    "text",
    ["{{ _('Hi') }}", "{% trans %}Hi{% endtrans %}", "{% cache 'n' %}{{ _('Hi') }}{% endcache %}"],
)
def test_a_part_is_kept_for_each_language_it_speaks(text: str):
    pages = renderer(f"{{% cache 'm' %}}{text} {{{{ n() | safe }}}}{{% endcache %}}")
    n = Counter()

    made = [spoken_to(pages, Listener(tag), n=n) for tag in ("de", "en", "de", "en")]

    assert made == ["Hi (de) <1>", "Hi (en) <2>", "Hi (de) <1>", "Hi (en) <2>"]
    pages.forget("m")
    assert spoken_to(pages, Listener("de"), n=n) == "Hi (de) <3>"


def test_a_part_that_speaks_no_language_is_kept_for_all_and_asks_for_none():
    class Silent:
        @property
        def language(self) -> Any:
            raise AssertionError("nobody has asked")

    pages, n = renderer("{% cache 'm' %}{{ n() | safe }}{% endcache %}"), Counter()

    assert [spoken_to(pages, Silent(), n=n) for _ in range(2)] == ["<1>", "<1>"]


def test_a_part_is_kept_for_each_zone_it_tells_the_time_in():
    pages = renderer("{% cache 'm' %}{{ now() }}{{ _('x') if now() == 'UTC' }}{% endcache %}")
    east = timezone(timedelta(hours=3))

    def made(tag: str, zone: tzinfo) -> str:
        return spoken_to(pages, Listener(tag, zone), now=lambda: str(zone_now()))

    assert [made("de", UTC), made("de", east), made("en", east), made("en", UTC)] == [
        "UTCx (de)",
        "UTC+03:00",
        "UTC+03:00",
        "UTCx (en)",
    ]
    assert [made("de", UTC), made("en", UTC)] == ["UTCx (de)", "UTCx (en)"]


def test_a_part_of_a_router_that_is_there_twice_leads_to_its_own():
    app = App(
        extensions=[Templates({"page.html": "{% cache 'm' %}{{ url(':page') }}{% endcache %}"})]
    )
    shop = Router()

    @shop.get("/page", name="page")
    async def page() -> Template:
        return Template("page.html", {})

    app.include(shop, prefix="/one", name="one")
    app.include(shop, prefix="/two", name="two")

    with Client(app) as client:
        assert [client.get(f"/{one}/page").text for one in ("one", "two")] == [
            "/one/page",
            "/two/page",
        ]


def test_threads_that_keep_parts_at_the_same_time_do_not_disturb_each_other():
    fragments, failed = Fragments(limit=200), []

    def work(seed: int) -> None:
        choice = Random(seed)
        try:
            for _ in range(3_000):
                fragments.keep_part((choice.randrange(40),), "x" * choice.randrange(20), 100, ())
                fragments.find((choice.randrange(40),))
        except Exception as error:
            failed.append(error)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert failed == []
    assert fragments.size == sum(len(text) for _, text in fragments.kept.values())
