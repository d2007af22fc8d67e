import re
from pathlib import Path

import pytest
from static_site.app import app as example

from gambrel import App
from gambrel.files import StaticFiles
from gambrel.templates import Template, Templates
from gambrel.testing import Client, run_command

HERE = Path(__file__).parent
FOREVER = "public, max-age=31536000, immutable"


def make_app(**options) -> App:
    """Return the same app, for what a test sets before it is built."""
    app = App(extensions=[StaticFiles(), Templates()], **options)

    @app.get("/")
    async def index() -> Template:
        return Template("index.html", {"roofs": {}})

    return app


def urls(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+\.\w+)"', page)


def test_all_that_the_page_asks_for_is_there_and_kept_for_ever():
    with Client(example) as client:
        page = client.get("/").text

        assert len(urls(page)) == 3
        for url in urls(page):
            response = client.get(url)
            assert (response.status_code, response.headers["cache-control"]) == (200, FOREVER)


def test_a_folder_is_shown_by_its_index():
    with Client(example) as client:
        assert "A page that is a file" in client.get("/static/handbook/").text


def test_a_developer_gets_the_originals():
    with Client(make_app(debug=True)) as client:
        assert "/static/site.css" in urls(client.get("/").text)
        assert client.get("/static/site.css").headers["cache-control"] == "no-cache"


@pytest.fixture
def collected(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "static"
    result = run_command(["--app", str(HERE), "static", "collect", str(folder)])
    assert result.stdout == f"5 files are collected in {folder}\n"
    monkeypatch.setenv("GAMBREL_STATIC__COLLECTED", str(folder))
    return folder


def test_collected_files_lead_to_each_other_by_their_new_names(collected):
    with Client(make_app()) as client:
        found = {url.rpartition(".")[2]: url for url in urls(client.get("/").text)}
        module = re.search(r'from "\./([^"]+)"', client.get(found["js"]).text)
        picture = re.search(r'url\("([^"]+)"\)', client.get(found["css"]).text)

        assert module is not None
        assert picture is not None
        for name in (module[1], picture[1]):
            response = client.get(f"/static/{name}")
            assert (response.status_code, response.headers["cache-control"]) == (200, FOREVER)
