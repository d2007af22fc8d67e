import os
from typing import Any

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.response import Response
from gambrel.files import FileResponse
from tests.core.edges.server import visit


def app_of(handler: Any, method: str = "GET", path: str = "/", **options: Any) -> App:
    app = App()
    app.add(path, handler, [method], **options)
    return app


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * 200_000)
    os.utime(path, (0, 0))
    return path


OFFER = {"http.response.pathsend": {}}


def test_a_whole_file_is_left_to_a_server_that_offers_it(large):
    sent = visit(app_of(lambda: FileResponse(large)), extensions=OFFER)

    assert sent.sent[1] == {"type": "http.response.pathsend", "path": str(large)}
    assert sent.header("content-length") == "200000"


@pytest.mark.parametrize("extensions", [{}, None])
def test_without_the_offer_it_is_streamed(large, extensions):
    assert len(visit(app_of(lambda: FileResponse(large)), extensions=extensions).body) == 200_000


def test_parts_of_a_file_are_streamed(large):
    sent = visit(
        app_of(lambda: FileResponse(large)),
        headers=[(b"range", b"bytes=0-99999")],
        extensions=OFFER,
    )

    assert (sent.status, len(sent.body)) == (206, 100_000)


def test_a_file_below_a_folder_is_streamed_from_where_it_was_opened(large):
    sent = visit(app_of(lambda: FileResponse(large.name, root=large.parent)), extensions=OFFER)

    assert len(sent.body) == 200_000


def test_a_missing_file_is_404_and_its_callbacks_run(tmp_path):
    closed = []

    async def handler() -> Response:
        response = FileResponse(tmp_path / "none")
        response.on_close(lambda: closed.append("closed"))
        return response

    assert (visit(app_of(handler)).status, closed) == (404, ["closed"])
