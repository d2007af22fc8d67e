import re
from pathlib import Path

import pytest
from uploads.app import make_app

from gambrel.testing import Client

PNG = b"\x89PNG\r\n\x1a\n" + bytes(5_000_000)


@pytest.fixture
def client(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    with Client(make_app(largest=6_000_000), follow_redirects=True) as client:
        yield client


def links(page: str) -> list[str]:
    return re.findall(r'href="(/media/[^"]+)"', page)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("media/*/*") if path.is_file()]


def test_what_was_uploaded_is_on_the_shelf_and_can_be_fetched(client):
    assert "Nothing yet" in client.get("/").text
    page = client.post("/files", files={"file": ("roof <1>.png", PNG)})

    assert (page.url.path, page.history[0].status_code) == ("/", 303)
    assert "roof &lt;1&gt;.png" in page.text
    assert "image/png" in page.text
    picture = client.get(links(page.text)[0])
    assert picture.content == PNG
    assert picture.headers["content-disposition"].startswith("inline")


def test_several_files_come_in_one_form_and_the_shelf_outlives_the_process(client, tmp_path):
    client.post("/files", files=[("file", ("a.txt", b"a")), ("file", ("b.txt", b"b"))])

    with Client(make_app()) as another:
        page = another.get("/").text
        assert [another.get(link).text for link in links(page)] == ["b", "a"]
        download = another.get(links(page)[0])
        assert download.headers["content-disposition"] == 'attachment; filename="b.txt"'
    assert len(files_in(tmp_path)) == 2


def test_what_was_dropped_is_gone(client, tmp_path):
    page = client.post("/files", files={"file": ("a.txt", b"a")}).text
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key is not None

    for _ in range(2):
        assert "Nothing yet" in client.post("/files/drop", data={"key": key[1]}).text
    assert client.get(links(page)[0]).status_code == 404
    assert files_in(tmp_path) == []


def test_too_large_a_file_is_refused_and_nothing_is_left_behind(client, tmp_path):
    response = client.post("/files", files={"file": ("a.bin", bytes(6_000_001))})

    assert response.status_code == 413
    assert files_in(tmp_path) == []
    assert "Nothing yet" in client.get("/").text


def test_pages_of_other_sites_may_not_upload(client):
    headers = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}

    response = client.post("/files", files={"file": ("a.txt", b"a")}, headers=headers)

    assert response.status_code == 403


def test_the_script_of_the_page_is_there(client):
    script = re.search(r'src="(/static/progress\.\w+\.js)"', client.get("/").text)

    assert script is not None
    assert "XMLHttpRequest" in client.get(script[1]).text
