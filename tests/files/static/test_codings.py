import gzip
import random

import brotli
import pytest

from gambrel.core.http.errors import BadRequest
from gambrel.files.static.codings import choose_coding, encoders, first_of, pack, shrinks


def test_what_is_packed_reads_as_before():
    content = b"a { color: red } " * 100

    packed = {coding: pack(content, coding) for coding in encoders()}

    assert gzip.decompress(packed["gzip"]) == content
    assert brotli.decompress(packed["br"]) == content
    assert first_of("compression.zstd", "backports.zstd").decompress(packed["zstd"]) == content


def test_a_coding_is_the_same_at_every_time():
    assert pack(bytes(5_000), "gzip") == pack(bytes(5_000), "gzip")


@pytest.mark.parametrize("content", [b"a" * 100, random.Random(1).randbytes(2_000)])
def test_nothing_is_packed_that_does_not_shrink(content):
    assert pack(content, "gzip") is None


def test_texts_shrink_and_pictures_do_not():
    assert all(map(shrinks, ["text/css", "text/javascript", "image/svg+xml", "application/json"]))
    assert not any(map(shrinks, ["image/png", "font/woff2", "application/zip", "video/mp4"]))


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("", "identity"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("deflate", "identity"),
        ("*", "br"),
        ("identity", "identity"),
        ("br;q=0, gzip", "gzip"),
        ("identity;q=0, deflate", "identity"),
    ],
)
def test_the_client_chooses_of_equals_the_smallest_is_sent(accept, coding):
    assert choose_coding(accept, ("br", "gzip")) == coding


def test_too_long_a_wish_is_refused():
    with pytest.raises(BadRequest):
        choose_coding("a," * 3_000, ("br",))


def test_a_library_that_is_missing_is_passed_over():
    assert first_of("no_such_module", "gzip") is gzip
    assert first_of("no_such_module") is None
