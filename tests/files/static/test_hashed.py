import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.files.static.hashed import digest_of, hashed_name, integrity_of, split_hashed

NAMES = st.from_regex(r"([a-z]{1,4}/){0,2}[a-z]{1,5}(\.[a-z]{1,4}){0,2}", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("site.css", "site.01234567.css"),
        ("css/site.css", "css/site.01234567.css"),
        ("a.tar.gz", "a.tar.01234567.gz"),
        ("LICENSE", "LICENSE.01234567"),
        ("v1.2/LICENSE", "v1.2/LICENSE.01234567"),
    ],
)
def test_the_digest_stands_before_the_suffix(name, hashed):
    assert hashed_name(name, "0123456789abcdef") == hashed
    assert split_hashed(hashed) == (name, "01234567")


@given(NAMES, st.binary())
def test_a_name_is_found_again(name, content):
    digest = digest_of(content)

    assert split_hashed(hashed_name(name, digest)) == (name, digest[:8])


@pytest.mark.parametrize("name", ["site.css", "01234567.css", "a.0123456.css", "a.012345678.css"])
def test_other_names_have_no_digest(name):
    assert split_hashed(name) is None


def test_the_integrity_of_a_content_is_what_browsers_compute():
    expected = "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO"

    assert integrity_of(b"alert('Hello, world.');") == expected
