import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError, Response
from gambrel.sessions.cookies import (
    Encrypting,
    Signing,
    cookie_name,
    keep_private,
    write_cookie,
)
from gambrel.testing import make_request

KEYS = ["k" * 40, "o" * 40]
KINDS = pytest.mark.parametrize("kind", [Signing, Encrypting])


@KINDS
def test_what_was_sealed_is_opened_by_new_and_old_keys(kind):
    old = kind(KEYS[1:], "session").seal("session", b"value")

    assert kind(KEYS, "session").open("session", old) == b"value"
    assert kind(KEYS[:1], "session").open("session", old) is None


@KINDS
def test_a_value_for_one_cookie_or_purpose_is_none_for_another(kind):
    """T-C07-3: a value that is signed for `a` and `bc` is not one for `ab` and `c`."""
    text = kind(KEYS, "session").seal("a", b"bc")

    assert kind(KEYS, "session").open("ab", text) is None
    assert kind(KEYS, "other").open("a", text) is None


@KINDS
@given(text=st.text(max_size=60))
def test_what_we_have_not_made_is_nothing(kind, text):
    assert kind(KEYS, "session").open("session", text) is None


@KINDS
@given(data=st.data())
def test_every_change_is_seen(kind, data):
    text = kind(KEYS, "session").seal("session", b"value")
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCabc019-_.").filter(lambda char: char != text[at]))
    changed = f"{text[:at]}{other}{text[at + 1 :]}"

    # The last character of base64 has bits that mean nothing.
    assert kind(KEYS, "session").open("session", changed) in (
        {None, b"value"} if at == len(text) - 1 else {None}
    )


def test_an_encrypted_cookie_cannot_be_read():
    """T-C07-5."""
    sealed = Encrypting(KEYS, "session").seal("session", b"a secret value")

    assert "secret" not in sealed
    assert sealed != Encrypting(KEYS, "session").seal("session", b"a secret value")


@pytest.mark.parametrize(
    ("host", "scheme", "name"),
    [
        ("localhost:8000", "http", "session"),
        ("127.0.0.1", "http", "session"),
        ("localhost", "https", "__Host-session"),
        ("shop.example", "http", "__Host-session"),
        ("shop.example", "https", "__Host-session"),
    ],
)
def test_a_cookie_is_secure_but_on_this_machine(host, scheme, name):
    request = make_request(headers={"host": host})
    request.connection.scheme = scheme

    assert cookie_name(request, "session") == name


def test_a_cookie_takes_the_place_of_one_of_its_name():
    draft = Response()
    draft.set_cookie("other", "1")
    write_cookie(draft, "__Host-session", "a", 60)
    write_cookie(draft, "__Host-session", "b", 60)

    first, second = draft.headers.get_all("set-cookie")
    assert first.startswith("other=1")
    assert second == "__Host-session=b; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"


def test_an_answer_for_one_visitor_is_kept_by_nobody():
    request = make_request()
    request.draft.headers["cache-control"] = "public, max-age=60"
    request.draft.headers["vary"] = "accept"
    keep_private(request)
    keep_private(request)

    assert request.draft.headers["cache-control"] == "private, no-store"
    assert request.draft.headers.get_all("vary") == ["accept", "cookie"]


def test_a_draft_with_nothing_in_it_is_private_too():
    request = make_request()
    keep_private(request)

    assert request.draft.headers.pairs() == [
        ("cache-control", "private, no-store"),
        ("vary", "cookie"),
    ]


def test_the_answer_to_an_error_becomes_private_and_that_of_others_does_not():
    request, shared = make_request(), Response("none", 404, {"cache-control": "public"})
    keep_private(request)

    private = request.seal_error(shared)

    assert private.headers["cache-control"] == "private, no-store"
    assert shared.headers["cache-control"] == "public"


@pytest.mark.parametrize("make", [Signing, Encrypting])
def test_short_keys_are_refused(make):
    with pytest.raises(GambrelError, match=r"signing\.short-key"):
        make(["short"], "session").seal("session", b"x")
