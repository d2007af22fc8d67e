import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.bodies.forms import FormData, FormLimits, Upload
from gambrel.core.http.bodies.multipart import parse_multipart, stream_parts
from gambrel.core.http.errors import BadRequest, ContentTooLarge, HTTPError, UnsupportedMediaType

TYPE = "multipart/form-data; boundary=XX"


async def arriving(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def part(disposition: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--XX\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + body + b"\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--XX--\r\n"


def parse(
    data: bytes | Iterable[bytes], content_type: str = TYPE, limits: FormLimits | None = None
) -> FormData:
    chunks = [data] if isinstance(data, bytes) else data
    return asyncio.run(parse_multipart(arriving(chunks), content_type, limits))


def content(value: str | Upload) -> bytes:
    assert isinstance(value, Upload)
    return asyncio.run(value.read())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


def test_fields_and_files_are_read_in_order() -> None:
    form = parse(
        body(
            part('name="title"', "Grüße".encode()),
            part('name="file"; filename="a.txt"', b"hello", "Content-Type: text/plain"),
            part('name="title"', b"again"),
        )
    )

    upload = form["file"]
    assert form.get_all("title") == ["Grüße", "again"]
    assert isinstance(upload, Upload)
    assert (upload.name, upload.filename, upload.content_type, upload.size) == (
        "file",
        "a.txt",
        "text/plain",
        5,
    )
    assert content(upload) == b"hello"


def test_a_form_without_parts_is_empty() -> None:
    assert parse(b"--XX--").pairs() == []


@given(st.binary(max_size=300), st.integers(1, 40))
def test_any_content_survives_any_chunking(data: bytes, size: int) -> None:
    if b"\r\n--XX" in data:
        return
    whole = body(part('name="f"; filename="f"', data), part('name="t"', b"end"))

    form = parse(whole[start : start + size] for start in range(0, len(whole), size))

    assert content(form["f"]) == data
    assert form["t"] == "end"


@given(
    st.lists(
        st.sampled_from(
            [
                b"\r\n",
                b"--XX",
                b"--",
                b'Content-Disposition: form-data; name="a"',
                b":",
                b"x",
                b"\xff",
            ]
        )
    )
)
def test_any_soup_is_a_form_or_a_client_error(pieces: list[bytes]) -> None:
    status = 200
    try:
        parse(b"".join(pieces)).close()
    except HTTPError as error:
        status = error.status

    assert status in {200, 400, 413, 415}


def test_the_extended_filename_is_ignored() -> None:
    form = parse(body(part('name="f"; filename="a.txt"; filename*=UTF-8\'\'evil.php', b"x")))

    assert [upload.filename for upload in form.uploads] == ["a.txt"]


def test_a_part_with_only_an_extended_filename_is_a_field() -> None:
    assert parse(body(part("name=\"f\"; filename*=UTF-8''evil.php", b"x")))["f"] == "x"


@pytest.mark.parametrize("disposition", ['name=""', "size=1"])
def test_a_part_without_a_name_is_a_field_that_nobody_asks_for(disposition: str) -> None:
    assert list(parse(body(part(disposition, b"x"), part('name="a"', b"1")))) == ["", "a"]


def test_a_path_in_a_filename_is_dropped() -> None:
    form = parse(body(part('name="f"; filename="../../etc/passwd"', b"x")))

    assert form.uploads[0].filename == "passwd"


def test_a_file_input_left_empty_is_left_out() -> None:
    form = parse(body(part('name="f"; filename=""', b"", "Content-Type: application/octet-stream")))

    assert "f" not in form


def test_preamble_and_epilogue_are_skipped() -> None:
    form = parse([b"hello\r\n", body(part('name="a"', b"1")), b"\r\nthe end" * 1_000])

    assert form.pairs() == [("a", "1")]


def test_a_field_may_name_its_charset() -> None:
    form = parse(body(part('name="a"', b"\xe9", "Content-Type: text/plain; charset=iso-8859-1")))

    assert form["a"] == "é"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"--XX",
        b"nothing of the kind",
        body(part('name="a"', b"1"))[:-6],
        part('name="a"', b"1"),
        part('name="f"; filename="f"', b"half a file"),
        b"--XX\r\n\r\nno headers\r\n--XX--",
        b"--XX\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--XX--",
        b"--XX\r\nContent-Disposition form-data\r\n\r\n\r\n--XX--",
        b"--XX\nContent-Disposition: form-data; name=a\n\n1\n--XX--",
        body(part('name="a"', b"x", 'Content-Disposition: form-data; name="b"')),
        body(part('name="a"', b"\xff")),
        body(part('name="a"', b"12", "Content-Length: 3")),
    ],
)
def test_a_malformed_or_truncated_form_is_a_bad_request(data: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(data)


@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "; boundary=",
        '; boundary=""',
        "; boundary=" + "x" * 71,
        "; boundary=a@b",
        '; boundary="ends in space "',
        "; boundary=a; boundary=b",
        '; boundary="a\r\nb"',
    ],
)
def test_a_bad_boundary_is_a_bad_request(parameters: str) -> None:
    with pytest.raises(BadRequest):
        parse(body(), f"multipart/form-data{parameters}")


@pytest.mark.parametrize("boundary", ["XX", '"XX"', "XX; charset=utf-8"])
def test_a_boundary_may_be_quoted(boundary: str) -> None:
    assert (
        parse(body(part('name="a"', b"1")), f"Multipart/Form-Data; Boundary={boundary}")["a"] == "1"
    )


@pytest.mark.parametrize("content_type", ["", "multipart/mixed; boundary=XX", "text/plain"])
def test_another_media_type_is_unsupported(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        parse(body(), content_type)


@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_an_encoded_part_is_unsupported(coding: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        parse(body(part('name="a"', b"  " * 100, f"Content-Transfer-Encoding: {coding}")))


ATTACKS = {
    "a million parts": [part('name="a"') * 1_000] * 1_000,
    "a hundred and one parts": [part('name="a"') * 101],
    "endless headers": [b"--XX\r\n", *[b"A: b\r\n"] * 100_000],
    "an endless header line": [b"--XX\r\nA: ", *[b"x" * 1_000] * 100],
    "large headers": [part('name="a"', b"", *[f"X-{n}: {'x' * 1_000}" for n in range(9)])],
    "an endless field": [part('name="a"')[:-2], *[b"x" * 10_000] * 5_000],
    "a carriage return and no end": [part('name="a"')[:-2], b"\r", *[b"x" * 10_000] * 5_000],
    "an endless preamble": [b"x" * 65_536] * 400,
    "an endless epilogue": [body(part('name="a"')), *[b"x" * 65_536] * 400],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_form_over_a_limit_is_too_large(name: str, temporary: Path) -> None:
    with pytest.raises(ContentTooLarge):
        parse(ATTACKS[name])


def test_a_file_over_its_limit_is_too_large_and_leaves_nothing(temporary: Path) -> None:
    limits = FormLimits(file=100_000, spool=10)

    with pytest.raises(ContentTooLarge):
        parse([part('name="f"; filename="f"')[:-2], *[b"x" * 50_000] * 3], limits=limits)


def test_a_form_over_its_total_is_too_large(temporary: Path) -> None:
    limits = FormLimits(total=1_000, spool=10)

    with pytest.raises(ContentTooLarge):
        parse(body(*[part('name="f"; filename="f"', b"x" * 300)] * 4), limits=limits)


def test_exactly_a_hundred_parts_are_taken() -> None:
    assert len(parse(body(*[part('name="a"', b"1")] * 100)).get_all("a")) == 100


def test_a_field_of_exactly_its_limit_is_taken() -> None:
    assert len(str(parse(body(part('name="a"', b"x" * 65_536)))["a"])) == 65_536


def test_uploads_are_closed_when_a_later_part_is_bad(temporary: Path) -> None:
    large = part('name="f"; filename="f"', b"x" * 2_000_000)

    with pytest.raises(BadRequest):
        parse(body(large, part('name="a"', b"\xff")))


def test_uploads_are_closed_when_the_client_is_given_up(temporary: Path) -> None:
    async def stalls() -> AsyncIterator[bytes]:
        yield part('name="f"; filename="f"')[:-2] + b"x" * 2_000_000
        await asyncio.sleep(3_600)

    async def cancel() -> None:
        task = asyncio.create_task(parse_multipart(stalls(), TYPE))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


def test_parts_stream_without_being_kept() -> None:
    async def read() -> list[tuple[str, str | None, int]]:
        chunks = arriving([part('name="a"', b"12"), part('name="f"; filename="f"', b"345"), body()])
        return [
            (item.name, item.filename, sum([len(piece) async for piece in item]))
            async for item in stream_parts(chunks, TYPE)
        ]

    assert asyncio.run(read()) == [("a", None, 2), ("f", "f", 3)]


def test_a_part_that_is_not_read_is_skipped() -> None:
    async def names() -> list[str]:
        chunks = arriving([body(part('name="a"', b"12"), part('name="b"', b"34"))])
        return [item.name async for item in stream_parts(chunks, TYPE)]

    assert asyncio.run(names()) == ["a", "b"]


def test_the_value_of_a_field_is_not_in_an_error() -> None:
    with pytest.raises(BadRequest) as caught:
        parse(body(part('name="password"', b"hunter2\xff")))

    assert "hunter2" not in str(caught.value)
