import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

import PIL.Image
import pytest

from gambrel import App
from gambrel.core.http.errors import Gone, NotFound
from gambrel.files import MediaFiles
from gambrel.files.media.memory import MemoryStorage
from gambrel.files.media.storage import Stored
from gambrel.files.media.urls import AT_ONCE, Media
from gambrel.signing import Signer

PNG = b"\x89PNG\r\n\x1a\n"
KEY = "0" * 32


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def media(clock) -> Media:
    return Media(MemoryStorage(), Signer(KEY, "test"), "/media/", clock)


def save(media: Media, content: bytes, filename: str = "") -> Stored:
    return asyncio.run(media.save(content, filename=filename))


def token(url: str) -> str:
    assert url.startswith("/media/")
    return url.removeprefix("/media/")


def test_a_url_leads_to_its_file(media):
    stored = save(media, b"text", "notes.txt")

    response = media.respond(token(media.url(stored)))

    assert response.body == b"text"
    assert response.headers["content-disposition"] == 'attachment; filename="notes.txt"'
    assert response.headers["cache-control"] == "private, max-age=300"


def test_a_url_expires(media, clock):
    url = media.url(save(media, b"text"), expires=timedelta(minutes=1))

    clock.now += 59
    assert media.respond(token(url)).headers["cache-control"] == "private, max-age=1"
    clock.now += 1
    with pytest.raises(Gone):
        media.respond(token(url))


@pytest.mark.parametrize("forged", ["", "x", "a.b.c", "../secret"])
def test_a_url_of_others_leads_nowhere(media, forged):
    with pytest.raises(NotFound):
        media.respond(forged)


def test_a_url_for_another_purpose_or_file_leads_nowhere(media):
    good = token(media.url(save(media, b"text")))
    other = Signer(KEY, "other").dumps([["ab/0", 1, "text/html", ""], 9e9, True])

    for bad in (other, good[:-1] + ("A" if good[-1] != "A" else "B"), f"A{good}"):
        with pytest.raises(NotFound):
            media.respond(bad)


def test_pictures_are_shown_in_place_where_that_is_asked_and_nothing_else_is(media):
    picture, page = save(media, PNG), save(media, b"<script>alert(1)</script>", "a.png")

    for stored, attachment, kind in (
        (picture, False, "inline"),
        (picture, True, "attachment"),
        (page, False, "attachment"),
    ):
        response = media.respond(token(media.url(stored, attachment=attachment)))
        assert response.headers["content-disposition"].startswith(kind)
        assert response.headers["x-content-type-options"] == "nosniff"


def picture() -> bytes:
    kept = BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(kept, "png")
    return kept.getvalue()


def test_clients_that_send_slowly_keep_nobody_from_drawing(media):
    async def slow() -> AsyncIterator[bytes]:
        yield picture()
        await asyncio.Event().wait()

    async def main() -> Stored:
        waiting = [asyncio.create_task(media.save_image(slow())) for _ in range(AT_ONCE)]
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            stored = await media.save_image(picture(), filename="a.gif")
        for one in waiting:
            one.cancel()
        await asyncio.wait(waiting)
        return stored

    assert asyncio.run(main()).filename == "a.png"


def test_an_app_that_runs_again_draws_in_its_new_loop():
    extension = MediaFiles(MemoryStorage())
    app = App(extensions=[extension])

    async def many() -> int:
        async with app.running():
            media = app.resources[Media]
            made = (media.save_image(picture()) for _ in range(AT_ONCE * 3))
            return len(await asyncio.gather(*made))

    assert [asyncio.run(many()) for _ in range(2)] == [AT_ONCE * 3] * 2


def test_a_file_that_was_dropped_has_no_answer(media):
    stored = save(media, b"text")
    url = media.url(stored)
    asyncio.run(media.delete(stored))

    with pytest.raises(NotFound):
        media.respond(token(url))
