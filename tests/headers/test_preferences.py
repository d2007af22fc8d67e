import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.headers import best_charset, best_encoding, best_language
from tests.core.http.complexity import steep


@pytest.mark.parametrize(
    ("header", "offers", "expected"),
    [
        ("", ["en", "de"], "en"),
        ("de", ["en", "de"], "de"),
        ("de", ["en", "de-CH"], "de-CH"),
        ("de-CH", ["en", "de"], "de"),
        ("de-CH", ["de", "de_CH"], "de_CH"),
        ("de-CH;q=0.5, en;q=0.4", ["en", "de"], "de"),
        ("fr, *;q=0.1", ["en", "de"], "en"),
        ("fr", ["en", "de"], None),
        ("en, de;q=0", ["de"], None),
        ("d", ["de"], None),
        ("zh-Hant-TW", ["zh", "zh-Hant"], "zh-Hant"),
        ("de", ["de-AT", "de"], "de"),
        ("de, en-US", ["en", "de"], "de"),
    ],
)
def test_the_best_language_is_chosen(header: str, offers: list[str], expected: str | None) -> None:
    assert best_language(header, offers) == expected


@pytest.mark.parametrize(
    ("header", "offers", "expected"),
    [
        ("", ["br", "gzip", "identity"], "identity"),
        ("", ["br"], None),
        ("gzip, deflate, br, zstd", ["zstd", "br", "gzip", "identity"], "zstd"),
        ("gzip;q=0.5, br;q=0.1", ["br", "gzip", "identity"], "gzip"),
        ("GZIP", ["gzip"], "gzip"),
        ("deflate", ["gzip", "identity"], "identity"),
        ("gzip;q=0", ["gzip", "identity"], "identity"),
        ("*;q=0", ["gzip", "identity"], None),
        ("identity;q=0", ["identity"], None),
        ("*", ["gzip", "identity"], "gzip"),
    ],
)
def test_the_best_encoding_is_chosen(header: str, offers: list[str], expected: str | None) -> None:
    assert best_encoding(header, offers) == expected


def test_the_best_charset_is_chosen() -> None:
    assert best_charset("latin-1, UTF-8;q=0.5") == "utf-8"
    assert best_charset("latin-1") is None
    assert best_charset("") == "utf-8"


@given(st.text() | st.text('ab/*;,q=01. "\\', max_size=60))
def test_any_header_chooses_an_offer_or_none(header: str) -> None:
    offers = ["a/b", "b/a;a=b", "identity"]

    for choose in (best_language, best_encoding, best_charset):
        try:
            assert choose(header, offers) in {*offers, None}
        except BadRequest:
            assert '"' in header


def test_weighing_is_linear() -> None:
    assert steep(lambda header: best_language(header, ["en", "de"])) == []
    assert steep(lambda header: best_encoding(header, ["br", "gzip"])) == []
