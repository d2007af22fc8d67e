import asyncio
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.app.app import App
from gambrel.core.http.errors import (
    GambrelError,
    NotFound,
    PreconditionFailed,
    RangeNotSatisfiable,
)
from gambrel.core.http.headers import Headers
from gambrel.core.http.response import Response
from gambrel.files import response
from gambrel.files.parts import Piece
from gambrel.files.response import FileResponse, Offload, guess_media_type

SIZES = [0, 1, 1_000, 65_536, 65_537, 600_000]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def answer(
    file: FileResponse, method: str = "GET", headers: Mapping[str, str] | None = None
) -> tuple[Response, bytes]:
    async def run() -> tuple[Response, bytes]:
        response = await file.for_request(method, Headers((headers or {}).items()))
        body = response.body
        content = body if isinstance(body, bytes) else b"".join([chunk async for chunk in body])  # type: ignore[union-attr]
        for callback in response.callbacks:
            callback()
        return response, content

    return asyncio.run(run())


@pytest.mark.parametrize("size", SIZES)
def test_a_file_is_sent_whole_with_its_length(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a.bin").write_bytes(content)

    response, body = answer(FileResponse(tmp_path / "a.bin"))

    assert response.status == 200
    assert body == content
    assert response.headers["content-length"] == str(size)


def test_the_head_tells_type_validators_and_that_ranges_are_served(text: Path) -> None:
    response, _ = answer(FileResponse(text))

    assert dict(response.headers.items()) == {
        "content-type": "text/plain; charset=utf-8",
        "x-content-type-options": "nosniff",
        "etag": '"17979cfe362a0000-a"',
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "accept-ranges": "bytes",
        "content-length": "10",
    }


@pytest.mark.parametrize("size", SIZES)
def test_head_has_the_same_head_and_no_body(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(size))
    os.utime(tmp_path / "a.bin", (0, 0))

    get, _ = answer(FileResponse(tmp_path / "a.bin"))
    head, body = answer(FileResponse(tmp_path / "a.bin"), "HEAD", {"range": "bytes=0-0"})

    assert (head.status, body) == (200, b"")
    assert head.headers.pairs() == get.headers.pairs()


def test_a_file_that_was_only_just_written_has_a_weak_tag(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    response, _ = answer(FileResponse(tmp_path / "a"))

    assert response.headers["etag"].startswith('W/"')


def test_the_tag_may_be_given_or_left_out(text: Path) -> None:
    assert answer(FileResponse(text, etag="v1"))[0].headers["etag"] == '"v1"'
    assert "etag" not in answer(FileResponse(text, etag=False))[0].headers


@pytest.mark.parametrize(
    "condition",
    [
        {"if-none-match": '"v1"'},
        {"if-none-match": 'W/"v1", "other"'},
        {"if-none-match": "*"},
        {"if-modified-since": "Tue, 14 Nov 2023 22:13:20 GMT"},
    ],
)
def test_what_the_client_has_is_not_sent_again(text: Path, condition: dict[str, str]) -> None:
    response, body = answer(FileResponse(text, etag="v1"), headers=condition)

    assert (response.status, body) == (304, b"")
    assert response.headers["etag"] == '"v1"'
    assert "content-type" not in response.headers
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    "condition",
    [{"if-match": '"other"'}, {"if-unmodified-since": "Tue, 14 Nov 2023 22:13:19 GMT"}],
)
def test_a_precondition_that_does_not_hold_is_412(text: Path, condition: dict[str, str]) -> None:
    with pytest.raises(PreconditionFailed):
        answer(FileResponse(text, etag="v1"), headers=condition)


@pytest.mark.parametrize(
    ("header", "content", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
    ],
)
def test_one_range_is_partial_content(
    text: Path, header: str, content: bytes, content_range: str
) -> None:
    response, body = answer(FileResponse(text), headers={"range": header})

    assert (response.status, body) == (206, content)
    assert response.headers["content-range"] == content_range
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_several_ranges_are_multipart(text: Path) -> None:
    response, body = answer(FileResponse(text), headers={"range": "bytes=0-1,8-"})

    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert (response.status, kind) == (206, "multipart/byteranges")
    assert response.headers["content-length"] == str(len(body))
    assert body.decode() == (
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Range: bytes 0-1/10\r\n\r\n01\r\n"
        f"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Range: bytes 8-9/10\r\n\r\n89\r\n"
        f"--{boundary}--\r\n"
    )


@pytest.mark.parametrize(
    "header", ["bytes=x", "lines=1-2", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 18, 2))]
)
def test_a_malformed_or_excessive_range_is_ignored(text: Path, header: str) -> None:
    response, body = answer(FileResponse(text), headers={"range": header})

    assert (response.status, body) == (200, b"0123456789")


def test_a_range_outside_the_file_is_416(text: Path) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        answer(FileResponse(text), headers={"range": "bytes=10-"})

    assert caught.value.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize(("if_range", "status"), [('"v1"', 206), ('"v0"', 200), ('W/"v1"', 200)])
def test_a_range_holds_only_for_the_same_version(text: Path, if_range: str, status: int) -> None:
    headers = {"range": "bytes=0-1", "if-range": if_range}

    assert answer(FileResponse(text, etag="v1"), headers=headers)[0].status == status


@given(st.integers(0, 300_000), st.integers(0, 300_000))
def test_any_range_of_a_large_file_is_those_bytes(
    tmp_path_factory: pytest.TempPathFactory, first: int, last: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "large"
    content = b"".join(number.to_bytes(4) for number in range(75_000))
    path.write_bytes(content)
    first, last = sorted((first, last))

    if first < len(content):
        _, body = answer(FileResponse(path), headers={"range": f"bytes={first}-{last}"})
        assert body == content[first : last + 1]


def test_an_attachment_is_named_and_sandboxed(text: Path) -> None:
    response, _ = answer(FileResponse(text, attachment=True, filename="Übersicht.txt"))

    assert response.headers["content-disposition"] == (
        "attachment; filename=\"_bersicht.txt\"; filename*=UTF-8''%C3%9Cbersicht.txt"
    )
    assert "sandbox" in response.headers["content-security-policy"]


def test_an_attachment_without_a_name_has_that_of_the_file(text: Path) -> None:
    response, _ = answer(FileResponse(text, attachment=True))

    assert response.headers["content-disposition"] == 'attachment; filename="a.txt"'


@pytest.mark.parametrize(
    "name", ['a"b.txt', "a\r\nSet-Cookie: x=1", "../../a", "x\u202egpj.exe", "a%00"]
)
def test_a_hostile_filename_cannot_leave_its_header(text: Path, name: str) -> None:
    response, _ = answer(FileResponse(text, attachment=True, filename=name))

    value = response.headers["content-disposition"]
    assert value.startswith("attachment; filename=")
    assert not set("\r\n/\u202e") & set(value)


@pytest.mark.parametrize("name", ["../a.txt", "/etc/passwd", ".env", "missing", "", "link", "a\0"])
def test_beneath_a_root_every_refusal_is_the_same_404(text: Path, name: str) -> None:
    root = text.parent / "root"
    root.mkdir()
    (root / ".env").write_text("SECRET")
    (root / "link").symlink_to(text)

    with pytest.raises(NotFound) as caught:
        answer(FileResponse(name, root=root))

    assert str(caught.value) == "404 Not Found"


def test_a_file_beneath_a_root_is_sent(text: Path) -> None:
    assert answer(FileResponse("a.txt", root=text.parent))[1] == b"0123456789"


@pytest.mark.parametrize("name", ["missing", "folder", "a.txt/b"])
def test_an_own_file_that_is_not_there_is_404(text: Path, name: str) -> None:
    (text.parent / "folder").mkdir()

    with pytest.raises(NotFound):
        answer(FileResponse(text.parent / name))


def test_nginx_is_given_a_path_under_its_prefix(text: Path) -> None:
    root = text.parent
    (root / "ä b.txt").write_bytes(b"x")
    offload = Offload("X-Accel-Redirect", "/protected/")

    response, body = answer(FileResponse("ä b.txt", root=root, offload=offload))

    assert response.headers["x-accel-redirect"] == "/protected/%C3%A4%20b.txt"
    assert (body, "content-length" in response.headers) == (b"", False)


def test_apache_is_given_the_absolute_path(text: Path) -> None:
    response, _ = answer(FileResponse(text, offload=Offload("X-Sendfile")))

    assert response.headers["x-sendfile"] == str(text)


def test_a_hostile_name_never_reaches_the_proxy(text: Path) -> None:
    offload = Offload("X-Accel-Redirect", "/protected/")

    with pytest.raises(NotFound):
        answer(FileResponse("../a.txt", root=text.parent, offload=offload))


def test_a_prefix_without_a_root_is_a_mistake(text: Path) -> None:
    with pytest.raises(GambrelError, match="root="):
        FileResponse(text, offload=Offload("X-Accel-Redirect", "/protected/"))


def test_headers_and_callbacks_of_the_response_are_kept(text: Path) -> None:
    called = []
    file = FileResponse(text)
    file.headers["cache-control"] = "max-age=300"
    file.on_close(lambda: called.append(True))

    response, _ = answer(file)

    assert response.headers["cache-control"] == "max-age=300"
    assert called == [True]


def test_disk_is_never_touched_on_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(bytes(600_000))
    touched = set()

    class Watched(response._File):
        def __init__(self, descriptor: int) -> None:
            touched.add(threading.current_thread())
            super().__init__(descriptor)

        def read(self, piece: Piece) -> bytes:
            touched.add(threading.current_thread())
            return super().read(piece)

    monkeypatch.setattr(response, "_File", Watched)
    answer(FileResponse(tmp_path / "a"))

    assert touched
    assert threading.main_thread() not in touched


def test_a_file_that_shrinks_breaks_the_response_off(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(600_000))

    async def run() -> None:
        response = await FileResponse(path).for_request("GET", {})
        os.truncate(path, 300_000)
        try:
            async for _ in response.body:  # type: ignore[union-attr]
                pass
        finally:
            response.callbacks[0]()

    with pytest.raises(OSError, match="shorter"):
        asyncio.run(run())


def test_a_cancelled_request_closes_its_file(text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Slow(response._File):
        def __init__(self, descriptor: int) -> None:
            time.sleep(0.05)
            super().__init__(descriptor)

        def close(self) -> None:
            closed.append(True)
            super().close()

    async def run() -> None:
        task = asyncio.create_task(FileResponse(text).for_request("GET", {}))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    monkeypatch.setattr(response, "_File", Slow)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())

    assert closed == [True]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.html", "text/html"),
        ("a.JS", "text/javascript"),
        ("a.mjs", "text/javascript"),
        ("a.woff2", "font/woff2"),
        ("a.webp", "image/webp"),
        ("a.tar.gz", "application/gzip"),
        ("a.txt.br", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
        ("Makefile", "application/octet-stream"),
    ],
)
def test_the_type_follows_from_the_name_alone(name: str, media_type: str) -> None:
    assert guess_media_type(name) == media_type


def test_a_document_tells_what_may_become_of_a_file():
    app = App()

    @app.get("/")
    async def guide() -> FileResponse:
        return FileResponse("guide.pdf")

    [operation] = app.operations()

    assert list(operation.responses) == [200, 206, 304, 416, 0]
    assert operation.responses[200].media_types == ("*/*",)
