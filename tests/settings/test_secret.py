import copy
import dataclasses
import json

import msgspec
import pytest

from gambrel.settings.secret import Secret

VALUE = "correct horse battery staple"


@dataclasses.dataclass
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "text",
    [
        repr(Secret(VALUE)),
        str(Secret(VALUE)),
        f"{Secret(VALUE)}",
        f"{Secret(VALUE):>40}",
        "%s %r" % (Secret(VALUE), Secret(VALUE)),  # noqa: UP031 - logging formats like this
        repr(Holder(Secret(VALUE))),
        repr(dataclasses.asdict(Holder(Secret(VALUE)))),
        repr(TypeError(Secret(VALUE))),
    ],
)
def test_no_text_made_from_a_secret_shows_it(text: str) -> None:
    assert VALUE not in text
    assert "***" in text


def test_reveal_returns_the_text() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert Secret(Secret(VALUE)).reveal() == VALUE


def test_a_secret_is_not_encoded() -> None:
    with pytest.raises(TypeError):
        json.dumps(Secret(VALUE))
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret(VALUE))


def test_a_secret_is_not_pickled_and_copies_are_itself() -> None:
    secret = Secret(VALUE)

    with pytest.raises(TypeError, match="not pickled"):
        secret.__reduce_ex__(4)
    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret


def test_secrets_are_equal_by_value_and_never_equal_to_text() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert not Secret("")


def test_a_secret_holds_text_only() -> None:
    with pytest.raises(TypeError, match="holds a str, not int"):
        Secret(3)  # type: ignore[arg-type]
