import asyncio
import logging
import threading
from pathlib import Path

import pytest
from msgspec.structs import replace

from gambrel.core.http.errors import GambrelError
from gambrel.files.static import urls
from gambrel.files.static.folders import Folders, StaticFolder
from gambrel.files.static.hashed import digest_of, integrity_of
from gambrel.files.static.site import Options
from gambrel.files.static.states import HASHED, LARGE
from gambrel.files.static.urls import Static

CSS = b"body {}"
SHORT = digest_of(CSS)[:8]


def static(folder: Path, **options) -> Static:
    (folder / "a b.css").write_bytes(CSS)
    return Static(Folders([StaticFolder(folder)]), replace(Options(), **options))


def test_a_url_tells_the_content(tmp_path):
    assert static(tmp_path).url("a b.css") == f"/static/a%20b.{SHORT}.css"


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({"versions": "query"}, f"/static/a%20b.css?v={SHORT}"),
        ({"versions": "off"}, "/static/a%20b.css"),
        ({"is_development": True}, "/static/a%20b.css"),
        ({"prefix": "/"}, f"/a%20b.{SHORT}.css"),
        ({"url": "https://cdn.example/x/"}, f"https://cdn.example/x/a%20b.{SHORT}.css"),
    ],
)
def test_a_url_is_as_the_settings_say(tmp_path, options, url):
    assert static(tmp_path, **options).url("a b.css") == url


def test_a_file_that_changed_has_another_url_once_it_is_looked_at(tmp_path):
    found = static(tmp_path)
    before = found.url("a b.css")
    (tmp_path / "a b.css").write_bytes(b"other")

    assert found.url("a b.css") == before
    found.known["a b.css"].until = 0.0
    assert found.url("a b.css") == f"/static/a%20b.{digest_of(b'other')[:8]}.css"


def test_a_file_that_is_as_it_was_is_not_read_again(tmp_path):
    found = static(tmp_path)
    found.url("a b.css")
    known = found.known["a b.css"]
    known.until = 0.0

    found.url("a b.css")

    assert found.known["a b.css"] is known
    assert known.until > 0.0


def test_an_app_that_is_mounted_has_its_files_below_that(tmp_path):
    found = static(tmp_path, is_development=True)

    assert found.below("/shop").url("a b.css") == "/shop/static/a%20b.css"
    assert found.below("/shop")("a b.css") == "/shop/static/a%20b.css"
    assert found.below("").url("a b.css") == "/static/a%20b.css"
    elsewhere = static(tmp_path, url="https://cdn.example").below("/shop")
    assert elsewhere.url("a b.css").startswith("https://cdn.example/a%20b.")


def test_what_pages_will_ask_for_is_read_before(tmp_path):
    found = static(tmp_path)
    (tmp_path / "film.mp4").write_bytes(bytes(LARGE + 1))
    (tmp_path / ".env").touch()

    found.prepare()

    assert list(found.known) == ["a b.css"]


def test_a_very_large_file_has_its_plain_url(tmp_path):
    with (tmp_path / "film.mp4").open("wb") as file:
        file.truncate(HASHED + 1)

    assert static(tmp_path).url("film.mp4") == "/static/film.mp4"


def test_a_large_file_is_read_in_a_thread_while_the_loop_goes_on(tmp_path, monkeypatch):
    found, readers = static(tmp_path), []
    (tmp_path / "film.webm").write_bytes(bytes(LARGE + 1))

    def digest(content: bytes) -> str:
        readers.append(threading.current_thread())
        return digest_of(content)

    monkeypatch.setattr(urls, "digest_of", digest)

    async def pages() -> tuple[str, str]:
        first = found.url("film.webm")
        async with asyncio.timeout(30):
            while not found.known["film.webm"].digest:  # noqa: ASYNC110 - a thread sets it
                await asyncio.sleep(0.01)
        return first, found.url("film.webm")

    hashed = f"/static/film.{digest_of(bytes(LARGE + 1))[:8]}.webm"
    assert asyncio.run(pages()) == ("/static/film.webm", hashed)
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()


def test_the_integrity_is_that_of_the_content(tmp_path):
    assert static(tmp_path).integrity("a b.css") == integrity_of(CSS)


def test_a_developer_is_told_of_a_name_that_is_nowhere(tmp_path):
    with pytest.raises(GambrelError, match="did you mean") as caught:
        static(tmp_path, is_development=True).url("a_b.css")

    assert caught.value.code == "files.no-static-file"
    assert str(tmp_path) in caught.value.where


def test_in_production_a_page_goes_without_what_is_nowhere(tmp_path, caplog):
    found = static(tmp_path)

    with caplog.at_level(logging.WARNING, "gambrel.files"):
        assert found.url("gone.css") == "/static/gone.css"
        assert found.integrity("gone.css") == ""

    assert "gone.css" in caplog.text


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", ".env", "a\0b", "link"])
def test_nothing_outside_is_read_for_a_url(tmp_path, name):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(GambrelError):
        static(tmp_path, is_development=True).url(name)
