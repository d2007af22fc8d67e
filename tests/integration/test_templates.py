"""Pages together with what gives names to them, and with the pages of errors."""

import re

import pytest

from gambrel import App
from gambrel.extend import Level
from gambrel.files import StaticFiles
from gambrel.middleware import Nonce
from gambrel.templates import Template, Templates
from gambrel.testing import Client

ROWS = """{% extends "base.html" %}
{% block body %}
  {% for row in rows %}<li>{{ row.nmae }}</li>{% endfor %}
{% endblock %}
"""


@pytest.fixture
def failing(tmp_path, caplog):
    caplog.set_level("CRITICAL")
    (tmp_path / "base.html").write_text("<title>x</title>{% block body %}{% endblock %}")
    (tmp_path / "index.html").write_text(ROWS)
    app = App(extensions=[Templates(tmp_path)], debug=True)

    @app.get("/")
    async def index() -> Template:
        return Template("index.html", {"rows": [{"name": "<Ann>"}]})

    with Client(app, raise_server_errors=False) as client:
        yield client


def test_the_page_of_an_error_shows_the_line_of_the_template(failing):
    answer = failing.get("/", headers={"accept": "text/html"})

    assert answer.status_code == 500
    line = next(
        line for line in answer.text.splitlines() if 'class="now"' in line and "nmae" in line
    )
    assert "<b>3</b>" in line
    assert "index.html:3" in answer.text
    assert "block &#x27;body&#x27;" in answer.text
    assert "lipsum" not in answer.text


def test_so_does_the_text_for_agents(failing):
    text = failing.get("/", headers={"accept": "text/markdown"}).text

    assert re.search(r"index\.html:3 in `block 'body'`", text)
    assert ">    3    {% for row in rows %}<li>{{ row.nmae }}</li>{% endfor %}" in text
    assert "row = {'name': '<Ann>'}" in text


def test_a_page_that_asks_for_a_nonce_gets_the_policy_that_names_it():
    texts = {
        "a.html": "<script nonce='{{ csp_nonce() }}'>{{ csp_nonce() }}</script>",
        "b.html": "b",
    }
    app = App(extensions=[Templates(texts)])

    @app.get("/a")
    async def a() -> Template:
        return Template("a.html")

    @app.get("/both")
    async def both(nonce: Nonce) -> Template:
        return Template("a.html", headers={"x-nonce": nonce})

    @app.get("/b")
    async def b() -> Template:
        return Template("b.html")

    @app.on_error(404)
    async def missing(request, error) -> Template:
        return Template("a.html", status=404)

    with Client(app) as client:
        answers = [client.get(path) for path in ("/a", "/both", "/nowhere")]
        plain = client.get("/b")

    nonces = [re.findall(r"[\w-]{22}", answer.text) for answer in answers]
    assert all(len(found) == 2 and len(set(found)) == 1 for found in nonces)
    for answer, found in zip(answers, nonces, strict=True):
        policies = answer.headers.get_list("content-security-policy")
        assert [f"'nonce-{found[0]}'" in policy for policy in policies] == [True]
    assert answers[1].headers["x-nonce"] == nonces[1][0]
    assert "nonce" not in plain.headers["content-security-policy"]


def test_static_gives_the_address_of_a_file(tmp_path):
    (tmp_path / "site.css").write_text("a{}")
    texts = {"a.html": "{{ static('site.css') }}"}
    app = App(extensions=[Templates(texts), StaticFiles(tmp_path)], debug=True)

    @app.get("/")
    async def a() -> Template:
        return Template("a.html")

    with Client(app) as client:
        address = client.get("/").text

        assert address == "/static/site.css"
        assert client.get(address).text == "a{}"


def test_without_static_files_the_name_is_an_error():
    app = App(extensions=[Templates({"a.html": "{{ static('site.css') }}"})])

    @app.get("/")
    async def a() -> Template:
        return Template("a.html")

    with Client(app) as client, pytest.raises(Exception, match=r"App\(extensions=\[StaticFiles"):
        client.get("/")


def test_a_static_file_that_is_nowhere_is_a_problem_where_its_name_is_written_out(tmp_path):
    (tmp_path / "site.css").write_text("a{}")
    text = "{{ static('site.css') }}{{ static('sight.css') }}{{ static(name) }}"
    app = App(extensions=[Templates({"a.html": text}), StaticFiles(tmp_path)])

    (found,) = [problem for problem in app.problems() if problem.id == "files.no-static-file"]
    assert (found.where, found.level) == ("a.html:1", Level.WARNING)
    assert "did you mean 'site.css'?" in found.hint
