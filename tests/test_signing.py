import base64
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest, GambrelError
from gambrel.signing import BadSignature, SignatureExpired, Signer

OLD, NEW = "o" * 32, b"n" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Claims(msgspec.Struct):
    user: int


@given(st.binary())
def test_what_is_signed_comes_back(value: bytes) -> None:
    signer = Signer(NEW, "test")

    text = signer.sign(value)

    assert signer.unsign(text) == value
    assert text.replace("-", "").replace("_", "").replace(".", "").isalnum()


@given(st.text())
def test_any_text_is_refused_without_a_signature(text: str) -> None:
    with pytest.raises(BadSignature):
        Signer(NEW, "test").unsign(text)


def test_changing_any_character_breaks_the_signature() -> None:
    signer = Signer(NEW, "test")
    text = signer.sign("user=7")

    for place, char in enumerate(text):
        changed = text[:place] + ("A" if char != "A" else "B") + text[place + 1 :]
        with pytest.raises(BadSignature):
            signer.unsign(changed)


@pytest.mark.parametrize("change", ["{}=", "{}.", ".{}", "{} ", "{}\n", "A{}", "{}A"])
def test_adding_to_signed_text_breaks_it(change: str) -> None:
    signer = Signer(NEW, "test")

    with pytest.raises(BadSignature):
        signer.unsign(change.format(signer.sign("x")))


def test_a_value_signed_for_one_purpose_is_worthless_for_another() -> None:
    text = Signer(NEW, "session").sign("x")

    with pytest.raises(BadSignature):
        Signer(NEW, "password-reset").unsign(text)


def test_the_newest_key_signs_and_older_ones_verify() -> None:
    before = Signer(OLD, "test").sign("x")
    both = Signer([NEW, OLD], "test")

    after = both.sign("x")

    assert both.unsign(before) == b"x"
    assert Signer(NEW, "test").unsign(after) == b"x"
    with pytest.raises(BadSignature):
        Signer(OLD, "test").unsign(after)


def test_signed_text_expires() -> None:
    clock = Clock()
    signer = Signer(NEW, "test", clock)
    text = signer.sign("x")

    clock.now += 60

    assert signer.unsign(text, max_age=60) == b"x"
    assert signer.unsign(text) == b"x"
    with pytest.raises(SignatureExpired):
        signer.unsign(text, max_age=timedelta(seconds=59))


def test_a_changed_time_breaks_the_signature() -> None:
    clock = Clock()
    signer = Signer(NEW, "test", clock)
    payload, _, signature = signer.sign("x").split(".")

    clock.now += 3_600

    with pytest.raises(BadSignature) as caught:
        signer.unsign(f"{payload}.{int(clock.now)}.{signature}", max_age=60)
    assert not isinstance(caught.value, SignatureExpired)


@pytest.mark.parametrize("value", [None, 7, "é", [1, {"a": None}], {"n": 1.5}])
def test_json_comes_back_as_it_was(value: object) -> None:
    signer = Signer(NEW, "test")

    assert signer.loads(signer.dumps(value)) == value


def test_json_comes_back_as_its_type() -> None:
    signer = Signer(NEW, "test")

    assert signer.loads(signer.dumps(Claims(7)), type=Claims) == Claims(7)


@pytest.mark.parametrize("value", [{"user": "x"}, {}, 7])
def test_json_of_another_shape_is_refused(value: object) -> None:
    signer = Signer(NEW, "test")

    with pytest.raises(BadSignature, match="shape"):
        signer.loads(signer.dumps(value), type=Claims)


@pytest.mark.parametrize("keys", ["", "short", b"x" * 31, [], [NEW, "short"], "é" * 15])
def test_a_short_or_missing_key_is_refused(keys: str | bytes | list[str | bytes]) -> None:
    with pytest.raises(GambrelError, match=r"signing\.short-key") as told:
        Signer(keys, "test")
    assert "GAMBREL_SECRET_KEY" in told.value.hint


def test_a_purpose_is_compulsory() -> None:
    with pytest.raises(GambrelError, match="purpose"):
        Signer(NEW, "")


def test_keys_are_never_shown() -> None:
    with pytest.raises(GambrelError) as caught:
        Signer("hush-hush", "test")

    assert "hush" not in str(caught.value)
    assert "nnn" not in repr(Signer(NEW, "test"))


def test_a_bad_signature_is_the_clients_mistake() -> None:
    assert issubclass(BadSignature, BadRequest)
    assert SignatureExpired().code == "signature-expired"


def test_the_payload_can_be_read_by_anyone() -> None:
    payload = Signer(NEW, "test").sign("open").partition(".")[0]

    assert base64.urlsafe_b64decode(payload + "==") == b"open"
