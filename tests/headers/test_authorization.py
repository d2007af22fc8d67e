import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.headers import Credentials, challenge, parse_authorization, parse_basic


def test_a_challenge_quotes_its_parameters() -> None:
    assert challenge("Bearer") == "Bearer"
    assert challenge("Bearer", realm="api", error='a"b') == 'Bearer realm="api", error="a\\"b"'


@pytest.mark.parametrize("scheme", ["", "a b", "a\r\n", "é"])
def test_a_challenge_has_a_scheme(scheme: str) -> None:
    with pytest.raises(ValueError, match="scheme"):
        challenge(scheme)


def test_credentials_are_split_from_their_scheme() -> None:
    assert parse_authorization("BEARER  abc.def= ") == Credentials("bearer", "abc.def=")
    assert parse_authorization("Basic") == Credentials("basic", "")


@pytest.mark.parametrize("text", ["", " ", "a:b c", "\x00 a", "Basic " + "a" * 9_000])
def test_credentials_without_a_scheme_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_authorization(text)


@given(
    st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_basic_credentials_come_back(user: str, password: str) -> None:
    encoded = base64.b64encode(f"{user}:{password}".encode()).decode()

    assert parse_basic(parse_authorization(f"Basic {encoded}"[:8_000])) == (user, password)


@pytest.mark.parametrize(
    "text",
    [
        "Basic",
        "Basic !",
        "Basic YQ==",
        "Basic YTp\u00e9",
        "Basic /zph",
        "Bearer YTpi",
        "Basic YTpi=",
        "Basic YT pi",
    ],
)
def test_malformed_basic_credentials_are_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_basic(parse_authorization(text))


@given(st.text())
def test_any_authorization_is_read_or_refused(text: str) -> None:
    try:
        credentials = parse_authorization(text)
    except BadRequest:
        return
    assert credentials.scheme == credentials.scheme.lower()
