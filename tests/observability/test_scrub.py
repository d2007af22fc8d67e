import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.observability.scrub import HIDDEN, Scrubber, is_secret_name

scrub = Scrubber()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("login password=hunter2 user=ann", f"login password={HIDDEN} user=ann"),
        ('{"token": "abc def", "id": 7}', f'{{"token": {HIDDEN}, "id": 7}}'),
        ("{'api_key': 'abc'}", f"{{'api_key': {HIDDEN}}}"),
        ("Authorization: Bearer abc.def", f"Authorization: {HIDDEN}"),
        ("sent Bearer abcdefgh12 on", f"sent Bearer {HIDDEN} on"),
        ("Cookie: sid=abc; theme=dark", f"Cookie: {HIDDEN}; theme=dark"),
        ("postgresql://ann:hunter2@db/shop", f"postgresql://ann:{HIDDEN}@db/shop"),
        ("mysql://shop:p@ss@db", f"mysql://shop:{HIDDEN}@db"),
        ("mysql://shop:a/b#c?d@db/x", f"mysql://shop:{HIDDEN}@db/x"),
        ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: {HIDDEN}"),
        ("?access_token=abc&page=2", f"?access_token={HIDDEN}&page=2"),
        ("user_password=abc", f"user_password={HIDDEN}"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln end", f"jwt {HIDDEN} end"),
        ("hash $argon2id$v=19$m=19456$abc end", f"hash {HIDDEN} end"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text, shown):
    assert scrub(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /items/7?page=2 took 3 ms",
        "the password was wrong",
        "spinning=true compass=north",
        "http://localhost:8000/a@b",
        "http://[::1]:8000/a@b",
        "time 12:30:59",
    ],
)
def test_what_is_no_secret_stays(text):
    assert scrub(text) == text


def test_known_secrets_are_hidden_wherever_they_stand():
    known = Scrubber(["s3cr3t-value", "s3cr3t-value-longer", "abc"])

    assert known("key s3cr3t-value-longer, s3cr3t-value!") == f"key {HIDDEN}, {HIDDEN}!"
    assert known("abc") == "abc"


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("password", True),
        ("DB_PASSWORD", True),
        ("api-key", True),
        ("set-cookie", True),
        ("refresh_token", True),
        ("compass", False),
        ("shipping", False),
        ("user", False),
    ],
)
def test_fields_with_secrets_are_known_by_their_name(name, is_secret):
    assert is_secret_name(name) is is_secret


@given(st.text(max_size=300))
def test_scrubbing_twice_changes_nothing_more(text):
    once = scrub(text)

    assert scrub(once) == once


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_a_quoted_password_never_stays(secret):
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')

    assert scrub(f'{{"password": "{quoted}"}}') == f'{{"password": {HIDDEN}}}'
