import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.client import UnsafeAddress
from gambrel.client.urls import parse_url, reading_location

MALFORMED = [
    "http://\0/", "http://①②⑦.⓪.⓪.①/", "http://xn--a..b/", "http://[::x]/",
    "http://a:b/", "http://\udc80/", "http://" + "a" * 70_000,
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_no_url_is_told(text):
    with pytest.raises(UnsafeAddress, match="no URL"):
        parse_url(text)


@given(st.text())
def test_any_text_is_a_url_or_told(text):
    try:
        found = parse_url(text)
    except UnsafeAddress:
        return

    assert isinstance(found.host, str)


def test_an_international_name_is_one():
    assert parse_url("http://xn--bcher-kva.example/").host == "bücher.example"


def test_a_location_that_cannot_be_read_is_the_fault_of_who_sent_it():
    with pytest.raises(httpx2.RemoteProtocolError, match="no URL: Empty"), reading_location():
        raise ValueError("Empty label")
