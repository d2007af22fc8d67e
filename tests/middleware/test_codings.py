import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.middleware.codings import find_codings
from tests.architecture.isolation import run_without
from tests.middleware.readers import READERS

CODINGS = find_codings(READERS)


def test_all_codings_are_found_in_the_order_asked_for():
    assert list(find_codings(["br", "zstd", "gzip"])) == ["br", "zstd", "gzip"]


def test_what_is_not_installed_is_left_out():
    script = (
        "from gambrel.middleware.codings import find_codings; print(*find_codings(sys.argv[1:]))"
    )

    absent = ["brotli", "backports", "backports.zstd", "compression", "compression.zstd"]

    assert run_without(absent, script, "zstd", "br", "gzip").split() == ["gzip"]


@pytest.mark.parametrize("name", CODINGS)
@given(pieces=st.lists(st.binary(max_size=300), max_size=5))
def test_what_is_compressed_in_pieces_reads_as_a_whole(name, pieces):
    encoder = CODINGS[name]()

    content = b"".join(map(encoder.push, pieces)) + encoder.finish(b"end")

    assert READERS[name](content) == b"".join(pieces) + b"end"


def test_each_piece_can_be_read_when_it_arrives():
    encoder = CODINGS["gzip"]()
    reader = zlib.decompressobj(31)

    assert reader.decompress(encoder.push(b"first ")) == b"first "
    assert reader.decompress(encoder.push(b"second")) == b"second"


def test_the_same_content_is_compressed_to_the_same_bytes():
    first, second = (CODINGS["gzip"]().finish(b"content") for _ in range(2))

    assert first == second
