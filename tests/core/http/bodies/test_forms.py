import asyncio
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.bodies.forms import FormData, FormLimits, Upload, clean_filename, parse_form
from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.query import build_query

FORM = "application/x-www-form-urlencoded"


def filled(
    *pieces: bytes, filename: str = "a.txt", content_type: str = "", spool: int = 100
) -> Upload:
    async def fill() -> Upload:
        upload = Upload("file", filename, content_type, spool=spool)
        for piece in pieces:
            await upload.write(piece)
        await upload.finish()
        return upload

    return asyncio.run(fill())


def test_fields_are_read_in_order_with_repeats() -> None:
    form = parse_form(b"a=1&b=2&a=3", FORM)

    assert form.pairs() == [("a", "1"), ("b", "2"), ("a", "3")]
    assert form["a"] == "1"
    assert form.get_all("a") == ["1", "3"]
    assert list(form) == ["a", "b"]
    assert len(form) == 2


def test_plus_and_percent_escapes_are_decoded() -> None:
    assert parse_form(b"na%20me=a+b%26%C3%A9", FORM).pairs() == [("na me", "a b&é")]


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b"", []),
        (b"&&", []),
        (b"a", [("a", "")]),
        (b"=a", [("", "a")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a;b=c", [("a;b", "c")]),
        (b"a=%zz%", [("a", "%zz%")]),
    ],
)
def test_odd_bodies_are_read_as_the_standard_says(body: bytes, pairs: list) -> None:
    assert parse_form(body, FORM).pairs() == pairs


@given(st.lists(st.tuples(st.text(min_size=1), st.text())))
def test_what_was_built_is_read_back(pairs: list[tuple[str, str]]) -> None:
    assert parse_form(build_query(pairs).encode(), FORM).pairs() == pairs


@given(st.binary())
def test_any_bytes_give_a_form_or_a_bad_request(body: bytes) -> None:
    try:
        form = parse_form(body, FORM)
    except BadRequest:
        return

    assert all(isinstance(value, str) for value in form.values())


def test_bytes_that_are_not_utf8_are_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        parse_form(b"a=%ff", FORM)


@pytest.mark.parametrize("body", [b"a&" * 1_000_000, b"a=1&" * 1_000 + b"a=1"])
def test_too_many_fields_are_too_large(body: bytes) -> None:
    with pytest.raises(ContentTooLarge):
        parse_form(body, FORM)


@pytest.mark.parametrize("body", [b"a=" + b"x" * 65_537, b"x" * 65_537, b"a=" + b"%41" * 65_537])
def test_a_field_over_its_limit_is_too_large(body: bytes) -> None:
    with pytest.raises(ContentTooLarge):
        parse_form(body, FORM)


def test_limits_are_set_by_the_caller() -> None:
    assert parse_form(b"a=123", FORM, FormLimits(field=3))["a"] == "123"
    with pytest.raises(ContentTooLarge):
        parse_form(b"a=1234", FORM, FormLimits(field=3))


@pytest.mark.parametrize("media_type", ["", "application/json", "text/plain"])
def test_another_media_type_is_unsupported(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        parse_form(b"a=1", media_type)

    assert "multipart/form-data" in caught.value.headers["accept-post"]


def test_a_small_upload_stays_in_memory() -> None:
    upload = filled(b"hello")

    assert upload.in_memory
    assert upload.size == 5


def test_parts_that_hold_json_are_put_together() -> None:
    blob = filled(b'{"b": [2]}')
    form = FormData([("one", "1"), ("two", blob), ("one", "3"), ("other", "x")])

    assert form.to_json(["one", "two", "three"]) == b'{"one":1,"two":{"b": [2]}}'


def test_json_that_went_to_the_disk_is_too_large() -> None:
    form = FormData([("big", filled(b"[" + b" " * 200 + b"]"))])

    with pytest.raises(ContentTooLarge, match="larger than 100 bytes"):
        form.to_json(["big"])
    form.close()


def test_a_large_upload_moves_to_a_file_that_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    upload = filled(b"x" * 80, b"y" * 80)

    assert not upload.in_memory
    assert list(tmp_path.iterdir()) == []
    assert asyncio.run(upload.read()) == b"x" * 80 + b"y" * 80
    upload.close()


def test_the_loop_thread_never_writes_a_spooled_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    writers = set()
    spill = Upload._spill

    def watched(self: Upload, data: bytes) -> None:
        writers.add(threading.current_thread())
        spill(self, data)

    monkeypatch.setattr(Upload, "_spill", watched)
    filled(*[b"x" * 100_000] * 10).close()

    assert writers
    assert threading.main_thread() not in writers


@pytest.mark.parametrize("content", [b"", b"abc", b"x" * 600_000])
def test_an_upload_is_read_iterated_and_read_again(content: bytes) -> None:
    upload = filled(content)

    async def read() -> tuple[bytes, bytes, bytes]:
        start = await upload.read(2)
        iterated = b"".join([chunk async for chunk in upload])
        await upload.seek(1)
        return start, iterated, await upload.read()

    assert asyncio.run(read()) == (content[:2], content, content[1:])
    upload.close()


@pytest.mark.parametrize("content", [b"abc", b"x" * 600_000])
def test_an_upload_is_saved_with_modest_permissions(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "saved"
    upload = filled(content)

    asyncio.run(upload.save(target))

    assert target.read_bytes() == content
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]
    upload.close()


def test_saving_never_overwrites_by_accident(tmp_path: Path) -> None:
    target = tmp_path / "saved"
    target.write_bytes(b"precious")

    with pytest.raises(FileExistsError):
        asyncio.run(filled(b"new").save(target))

    assert target.read_bytes() == b"precious"


def test_saving_replaces_when_told_to(tmp_path: Path) -> None:
    target = tmp_path / "saved"
    target.write_bytes(b"old")

    asyncio.run(filled(b"new").save(target, replace=True))

    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_saving_through_a_planted_link_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "saved"
    target.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FileExistsError):
        asyncio.run(filled(b"new").save(target))

    assert not (tmp_path / "elsewhere").exists()


def test_a_failed_save_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "chmod", fail)

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(filled(b"new").save(tmp_path / "saved"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.txt", "a.txt"),
        ("C:\\Users\\me\\a.txt", "a.txt"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("x\u202egpj.exe", "xgpj.exe"),
        ("..", ""),
        ("dir/", ""),
        ("n" * 500, "n" * 255),
        ("été.txt", "été.txt"),
    ],
)
def test_a_filename_is_a_plain_name(given: str, kept: str) -> None:
    assert clean_filename(given) == kept


def test_closing_a_form_closes_its_uploads() -> None:
    upload = filled(b"hello")
    form = FormData([("a", "1"), ("file", upload)])

    form.close()

    assert form.uploads == [upload]
    with pytest.raises(ValueError, match="closed"):
        asyncio.run(upload.read())


def test_values_are_not_in_the_repr() -> None:
    assert "secret" not in repr(parse_form(b"password=secret", FORM))


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\nIHDR"),
        ("image/jpeg", b"\xff\xd8\xff\xe0JFIF"),
        ("image/gif", b"GIF89a..."),
        ("image/gif", b"GIF87a..."),
        ("image/webp", b"RIFF\x1a\0\0\0WEBPVP8L"),
        ("application/pdf", b"%PDF-1.7\n"),
        ("application/zip", b"PK\x03\x04..."),
        ("application/zip", b"PK\x05\x06" + bytes(18)),
    ],
)
def test_content_that_begins_as_its_type_does_is_as_claimed(
    content_type: str, content: bytes
) -> None:
    whole = filled(content, content_type=content_type)
    dripped = filled(*(bytes([byte]) for byte in content), content_type=content_type)

    assert whole.is_as_claimed
    assert dripped.is_as_claimed
    assert dripped.start == content[:12]
    assert not filled(b"<script>alert(1)", content_type=content_type).is_as_claimed
    assert not filled(b"", content_type=content_type).is_as_claimed
    assert not filled(b" " + content, content_type=content_type).is_as_claimed


def test_a_sound_is_no_picture_and_other_types_are_not_looked_at() -> None:
    sound = filled(b"RIFF\x1a\0\0\0WAVEfmt ", content_type="image/webp")

    assert not sound.is_as_claimed
    assert filled(b"anything", content_type="text/plain").is_as_claimed
