from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.debug.redact import HIDDEN, Redactor, is_secret_name


class Login(msgspec.Struct):
    user: str
    password: str
    tries: int = 0


@dataclass
class Account:
    name: str
    api_key: str
    internal: str = field(default="x", repr=False)


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "userPassword",
        "PASSWORD_HASH",
        "new-password",
        "secret",
        "SECRET_KEY",
        "api_key",
        "apiKey",
        "X-API-Key",
        "access_token",
        "authToken",
        "Authorization",
        "cookie",
        "Set-Cookie",
        "session_id",
        "sessionid",
        "csrf_token",
        "dsn",
        "PRIVATE_KEY",
        "credentials",
        "otp",
        "card_number",
        "cvv",
    ],
)
def test_names_of_secrets_are_known(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["user", "key", "author", "monkey", "tokenise", "passenger", "x", "pinned", "hashes"]
)
def test_ordinary_names_are_shown(name):
    assert not is_secret_name(name)


@pytest.mark.parametrize("value", ["hunter2", b"hunter2", 1234, ["a"], {"a": "b"}, object()])
def test_a_value_under_a_secret_name_is_hidden_but_for_its_type(value):
    assert Redactor().value("password", value) == f"{HIDDEN} ({type(value).__name__})"


@pytest.mark.parametrize("value", [None, True])
def test_that_a_secret_is_missing_may_be_seen(value):
    assert Redactor().value("password", value) == repr(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Login("ada", "hunter2"), f"Login(user='ada', password='{HIDDEN}', tries=0)"),
        (Account("ada", "hunter2"), f"Account(name='ada', api_key='{HIDDEN}')"),
        ({"a": {"token": "hunter2"}}, f"{{'a': {{'token': '{HIDDEN}'}}}}"),
        ([Login("ada", "hunter2")], f"[Login(user='ada', password='{HIDDEN}', tries=0)]"),
    ],
)
def test_fields_and_keys_of_secrets_are_hidden_at_any_depth(value, shown):
    assert Redactor().value("value", value) == shown


def test_a_struct_under_a_secret_name_shows_its_other_fields():
    assert Redactor().value("credentials", Login("ada", "hunter2")).startswith("Login(user='ada'")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://shop:hunter2@db/shop", f"postgresql://shop:{HIDDEN}@db/shop"),
        ("mysql://shop:p@ss@db", f"mysql://shop:{HIDDEN}@db"),
        ("mysql://shop:a/b#c?d@db/x", f"mysql://shop:{HIDDEN}@db/x"),
        ('"amqp:\\/\\/shop:hunter2@db"', f'"amqp:\\/\\/shop:{HIDDEN}@db"'),
        ("at http://localhost:8000/a@b", "at http://localhost:8000/a@b"),
        ("at http://[::1]:8000/a@b", "at http://[::1]:8000/a@b"),
        ("host=db password=hunter2 port=1", f"host=db password={HIDDEN} port=1"),
        ("Bearer abcdefgh.ijkl", f"Bearer {HIDDEN}"),
        ("$argon2id$v=19$m=1$abc$def", f"$argon2id${HIDDEN}"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.abc", HIDDEN),
        ('{"password": "hunter2", "a": "b"}', f'{{"password": "{HIDDEN}", "a": "b"}}'),
        ("a=1&token=hunter2&b=2", f"a=1&token={HIDDEN}&b=2"),
        ("user=ada&page=2", "user=ada&page=2"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_any_text(text, shown):
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('    password = "hunter2"', f'    password = "{HIDDEN}"'),
        ('open("amqp://shop:hunter2@db")', f'open("amqp://shop:{HIDDEN}@db")'),
        ("API_KEY: str = 'hunter2'", f"API_KEY: str = '{HIDDEN}'"),
        ("connect(token='hunter2')", f"connect(token='{HIDDEN}')"),
        ("connect(token=token)", "connect(token=token)"),
        ('password = form["password"]', 'password = form["password"]'),
        ('name = "Ada"', 'name = "Ada"'),
    ],
)
def test_literals_in_source_are_hidden_by_the_name_they_are_given(line, shown):
    assert Redactor().code(line) == shown


def test_what_was_learned_is_hidden_wherever_it_stands():
    redactor = Redactor(["correct horse"])
    redactor.learn_named({"deep": [{"password": "hunter2!"}], "user": "Ada Lovelace"})

    assert redactor.text("no correct horse, no hunter2! for Ada Lovelace") == (
        f"no {HIDDEN}, no {HIDDEN} for Ada Lovelace"
    )


def test_short_values_are_not_searched_for():
    assert Redactor(["a"]).text("banana") == "banana"


def test_a_repr_that_fails_is_told_and_nothing_more():
    class Broken:
        def __repr__(self):
            raise ValueError("no")

    class Odd:
        model_fields = 5

    assert Redactor().value("x", Broken()).startswith("<Broken instance at ")
    assert Redactor().value("x", Odd()) == "<Odd: its repr raised TypeError>"


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, b"x" * 10_000, list(range(10_000)), dict.fromkeys(range(10_000)), 10**300],
)
def test_a_large_value_is_cut(value):
    assert len(Redactor().value("x", value)) < 1_000


def test_a_value_that_holds_itself_ends():
    value = {}
    value["self"] = value

    assert "..." in Redactor().value("x", value)


@given(st.text())
def test_any_text_is_shown_without_an_error(text):
    redactor = Redactor()

    assert isinstance(redactor.text(text) + redactor.code(text) + redactor.value("x", text), str)
