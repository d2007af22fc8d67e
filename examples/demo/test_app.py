"""The platform: every page and every example is there, links lead somewhere, the guide answers."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

import pytest

from demo.app import make_app
from demo.markdown import render_markdown
from demo.pages import ROOT, text_at
from demo.parity import read_parity
from demo.sources import coloured
from demo.tour import TOUR
from gambrel.choosing import load_guide, read_stub
from gambrel.testing import Client

OWN = {"origin": "http://localhost"}
"""What a browser says of a form of ours."""


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("demo")))
        with Client(make_app(), follow_redirects=True) as client:
            yield client


def links(page):
    found = re.findall(r' (?:href|src|action)="([^"]+)"', page.text)
    urls = {urljoin(str(page.url), unescape(link)).partition("#")[0] for link in found}
    return {url for url in urls if url.startswith("http")}


@pytest.mark.parametrize("stop", TOUR, ids=lambda stop: stop.id)
def test_every_example_runs_below_its_path(client, stop):
    page = client.get(f"/{stop.id}{stop.start}")

    assert page.status_code == 200
    broken = [link for link in links(page) if client.get(link).status_code not in {200, 405}]
    assert broken == []


@pytest.mark.parametrize("stop", TOUR, ids=lambda stop: stop.id)
def test_the_source_of_an_example_is_shown(client, stop):
    page = client.get(f"/source/{stop.id}").text

    assert ">app.py</a>" in page
    assert "test_app.py" not in page
    assert f"gambrel run examples/{stop.example}" in page


def test_every_framework_of_the_guide_has_an_example():
    assert {stop.id for stop in TOUR} == set(load_guide().seven)


@pytest.mark.parametrize("path", ["/", "/choose", "/choose/answer?workload=api", "/documentation"])
def test_links_of_a_page_lead_somewhere(client, path):
    page = client.get(path)

    here = [link for link in links(page) if urlsplit(link).netloc == "localhost"]
    assert [link for link in here if client.get(link).status_code != 200] == []
    assert len(here) > 8


def test_the_first_page_tells_how_far_we_are(client):
    page = client.get("/").text
    parity = read_parity(ROOT / "docs" / "parity.md")

    assert [row.name for row in parity.rows] == [
        "Django",
        "Django REST framework",
        "Flask",
        "FastAPI",
        "Pyramid",
        "Tornado",
        "Sanic",
    ]
    assert sum(bar.count for bar in parity.bars) == parity.total
    assert all(unescape(row.here) in unescape(page) for row in parity.rows)
    assert f"<strong>{parity.bars[0].count}</strong> yes" in page


def test_answers_become_an_address_and_that_an_answer(client):
    sent = {"workload": "dashboard", "needs": ["models", "realtime"], "name": "shop"}

    page = client.post("/choose", data=sent, headers=OWN)

    assert page.url.path == "/choose/answer"
    assert "gambrel new shop --shape realtime" in page.text
    assert all(
        f">{one.name} <" in page.text
        for one in map(load_guide().frameworks.get, load_guide().seven)
    )
    assert client.get(str(page.url)).text == page.text


def test_what_is_no_answer_is_told_beside_its_question(client):
    page = client.post("/choose", data={"workload": "", "name": "No Name"}, headers=OWN)

    assert page.status_code == 422
    assert page.text.count('class="form-error"') == 2
    assert client.get("/choose/answer?workload=nothing").status_code == 422


def test_record_and_prototype_are_files(client):
    query = "?workload=webhook&name=hooks"

    record = client.get(f"/choose/record.md{query}")
    prototype = client.get(f"/choose/prototype.py{query}")

    assert record.text.startswith("# 1. hooks starts with Gambrel, in the shape `service`")
    assert prototype.text == read_stub("webhook")
    assert 'filename="prototype.py"' in prototype.headers["content-disposition"]


def test_programs_ask_the_guide_by_its_api(client):
    told = client.post(
        "/api/recommendations", json={"workload": "webhook", "operator": "platform"}, headers=OWN
    )

    assert told.json()["choice"] == "platform-runtime"
    assert set(client.get("/openapi.json").json()["paths"]) == {"/api/recommendations"}


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        ".git/config",
        ".github",
        "tests/conftest.py",
        "nothing.md",
        "node_modules",
    ],
)
def test_only_texts_for_readers_are_shown(path):
    assert text_at(path) is None


def test_a_folder_leads_to_its_page_or_lists_its_texts(client):
    page = client.get("/documentation/examples/demo")
    folder = client.get("/documentation/examples")

    assert page.url.path == "/documentation/examples/demo/README.md"
    assert '<a href="examples/flaskr">flaskr</a>' in folder.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A `b` c", '<h1 id="a-b-c">A <code>b</code> c</h1>'),
        ("a\n*b* **c**", "<p>a\n<em>b</em> <strong>c</strong></p>"),
        ("see [`x`](y.md#z)", '<p>see <a href="y.md#z"><code>x</code></a></p>'),
        ("- one\n  more\n- two", "<ul><li>one\nmore</li><li>two</li></ul>"),
        ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
        ("so:\n- one", "<p>so:</p><ul><li>one</li></ul>"),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        ("<!-- api: x -->\ntext <b>", "<p>text &lt;b&gt;</p>"),
        ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
    ],
)
def test_markdown_becomes_a_page(text, expected):
    assert render_markdown(text) == expected


def test_tables_and_code_scroll_by_themselves():
    page = render_markdown("| a | b |\n|---|---|\n| `x \\| y` | z |\n\n```python\nif 1: pass\n```")

    assert "<td><code>x | y</code></td><td>z</td>" in page
    assert '<span class="code-word">if</span>' in page
    assert page.count('tabindex="0"') == 2


def test_every_page_of_the_documentation_is_a_page():
    for file in sorted((ROOT / "docs").rglob("*.md")):
        page = render_markdown(file.read_text("utf-8"))
        assert page.count("<h1") == 1, file
        assert "```" not in page, file


def test_python_keeps_its_text_in_colours():
    text = 'def f(x: int) -> str:  # why\n    return f"{x}é" + """\nlong"""\n'

    shown = coloured("a.py", text)

    assert unescape(re.sub("<[^>]+>", "", shown)) == text
    assert '<span class="code-name">f</span>' in shown
    assert '<span class="code-note"># why</span>' in shown
    assert coloured("a.py", "def (").count("span") == 0
