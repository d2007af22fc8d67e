import re

import pytest

from gambrel import App, NotFound
from gambrel.templates import Template, Templates
from gambrel.templates.assets import Assets
from gambrel.testing import Client

TEXTS = {
    "index.html": "{{ component_styles() }}{{ component_scripts() }}",
    "components/card.html": "",
    "components/card.css": ".card { color: red }",
    "components/card.js": "const a = 1",
    "components/deep/row.css": ".row { color: blue }",
    "site.css": ".site {}",
}


def pages(texts: dict[str, str], **options: object) -> App:
    app = App(extensions=[Templates(texts)], **options)

    @app.get("/")
    async def index() -> Template:
        return Template("index.html")

    return app


def test_styles_and_scripts_of_all_components_are_one_file_each():
    with Client(pages(TEXTS)) as client:
        page = client.get("/")
        style, script = re.findall(r'(?:href|src)="([^"]+)"', page.text)
        styles, scripts = client.get(style), client.get(script)

    assert page.text.startswith('<link rel="stylesheet" href="/_components/')
    assert styles.headers["content-type"] == "text/css; charset=utf-8"
    assert styles.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ".card { color: red }" in styles.text
    assert ".row { color: blue }" in styles.text
    assert ".site" not in styles.text
    assert scripts.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "{\nconst a = 1\n}" in scripts.text


def test_without_any_there_is_no_tag():
    with Client(pages({"index.html": TEXTS["index.html"]})) as client:
        assert client.get("/").text == ""
        assert client.get("/_components/0123.css").status_code == 404
        assert client.get("/_components/0123.html").status_code == 404


def test_the_file_of_another_deployment_is_what_it_is_now():
    with Client(pages(TEXTS)) as client:
        answer = client.get("/_components/0123.css")

    assert answer.headers["cache-control"] == "no-cache"
    assert ".card" in answer.text


def test_while_developing_they_are_read_anew(tmp_path):
    (tmp_path / "components").mkdir()
    style = tmp_path / "components/a.css"
    for debug, changes in ((True, True), (False, False)):
        style.write_text("a{}")
        assets = Templates(tmp_path).build(App(debug=debug)).assets
        name = assets.file("css")
        style.write_text("b{}")

        assert (assets.file("css") != name) is changes


def test_what_is_neither_style_nor_script_is_not_there():
    assets: Assets = Templates(TEXTS).build(App()).assets

    with pytest.raises(NotFound):
        assets.answer("card.html")
