from io import BytesIO
from pathlib import Path
from typing import Annotated

import PIL.Image
import pytest

from gambrel import App, File, GambrelError, Upload
from gambrel.files import ImageRules, LocalStorage, Media, MediaFiles, MemoryStorage, Stored
from gambrel.testing import Client

PNG = b"\x89PNG\r\n\x1a\n" + bytes(1_000)


def make_app(extension: MediaFiles, **options) -> App:
    app = App(extensions=[extension], **options)

    @app.post("/pictures")
    async def upload(picture: Annotated[Upload, File()], media: Media) -> Stored:
        return await media.save(picture, max_size=10_000)

    @app.post("/links")
    async def link(stored: Stored, media: Media) -> str:
        return media.url(stored, attachment=False)

    return app


def test_an_upload_is_kept_and_given_out_by_a_link(tmp_path):
    app = make_app(MediaFiles(LocalStorage(tmp_path)))
    with Client(app) as client:
        sent = {"picture": ("roof.png", PNG, "image/png")}
        stored = client.post("/pictures", files=sent).json()
        url = client.post("/links", json=stored).text
        response = client.get(url)

        assert stored["filename"] == "roof.png"
        assert response.content == PNG
        assert response.headers["content-type"] == "image/png"
        assert response.headers["content-disposition"].startswith("inline")
        part = client.get(url, headers={"range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, PNG[:4])
        again = client.get(url, headers={"if-none-match": response.headers["etag"]})
        assert again.status_code == 304
        assert client.get(f"{url}x").status_code == 404
        assert client.get(f"/media/{stored['key']}").status_code == 404


def test_a_picture_is_kept_as_we_have_written_it_and_anything_else_refused(tmp_path):
    app = App(extensions=[MediaFiles(LocalStorage(tmp_path))])
    face = ImageRules(fit=(64, 64), crop=True, output="webp")
    drawn = BytesIO()
    PIL.Image.new("RGB", (200, 100)).save(drawn, "png")

    @app.post("/faces")
    async def upload(picture: Annotated[Upload, File()], media: Media) -> Stored:
        return await media.save_image(picture, face)

    with Client(app) as client:
        kept = client.post("/faces", files={"picture": ("me.at.sea.png", drawn.getvalue())})
        refused = client.post("/faces", files={"picture": ("me.png", PNG)})

    stored = kept.json()
    assert (stored["filename"], stored["content_type"]) == ("me.at.sea.webp", "image/webp")
    with PIL.Image.open(tmp_path / stored["key"]) as image:
        assert image.size == (64, 64)
    assert (refused.status_code, refused.json()["title"]) == (422, "Unprocessable Content")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_files_lie_in_the_instance_unless_somewhere_else(tmp_path):
    app = make_app(MediaFiles(), instance=tmp_path / "instance")
    with Client(app) as client:
        client.post("/pictures", files={"picture": ("a.png", PNG, "image/png")})

    assert len(list(Path(tmp_path, "instance", "media").glob("??/*"))) == 1


def test_no_room_is_a_507_and_too_much_a_413():
    app = make_app(MediaFiles(MemoryStorage(room=5_000)))
    with Client(app, raise_server_errors=False) as client:
        for size, status in ((6_000, 507), (10_001, 413), (1_000, 200)):
            sent = {"picture": ("a.bin", bytes(size), "")}
            assert client.post("/pictures", files=sent).status_code == status


def test_a_storage_that_cannot_be_written_keeps_the_app_from_starting(tmp_path):
    (tmp_path / "media").touch()

    with (
        pytest.raises(GambrelError, match="media"),
        Client(make_app(MediaFiles(LocalStorage(tmp_path / "media")))),
    ):
        pass
