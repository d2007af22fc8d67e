from typing import Annotated

import pytest
from msgspec import Struct

from gambrel import GambrelError, Upload
from gambrel.forms import field, step
from gambrel.wording import LazyText
from tests.forms.checkout import Checkout, Contact, Payment, walk_of


class Review(Struct):
    pass


class Word(Struct):
    word: Annotated[str, field(widget="password")]


def never(**_: object) -> bool:
    return False


def test_each_field_of_a_class_is_a_step_with_a_title_and_a_condition():
    walk = walk_of(Checkout)

    assert walk.key == "steps:tests.forms.checkout.Checkout"
    assert [one.title for one in walk.steps] == ["Contact", "Where to?", "How to pay"]
    assert [one.needs for one in walk.steps] == [(), ("contact",), ()]
    assert not walk.steps[0].is_review


def test_a_step_without_fields_shows_what_was_answered():
    class Two(Struct):
        contact: Contact
        review: Review

    assert walk_of(Two).steps[1].is_review


class NoForm(Struct):
    name: str


class Late(Struct):
    contact: Contact
    payment: Annotated[Payment | None, step(when=lambda review: bool(review))] = None
    review: Review | None = None


class NoDefault(Struct):
    contact: Contact
    payment: Annotated[Payment, step(when=lambda contact: bool(contact))]


class Nothing(Struct):
    pass


class NoBeginning(Struct):
    contact: Annotated[Contact | None, step(when=lambda: False)] = None


class EarlyFile(Struct):
    payment: Payment
    contact: Contact


class EarlyWord(Struct):
    word: Word
    contact: Contact


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (NoForm, "'name' is .*str.*, which is no form"),
        (Late, "depends on 'review', which is no step before it"),
        (NoDefault, "'payment' may be left out, and has no default"),
        (Nothing, "no step to begin with"),
        (NoBeginning, "no step to begin with"),
        (EarlyFile, "'payment' asks for 'proof', a file, and is not the last step"),
        (EarlyWord, "'word' asks for 'word', a password"),
    ],
)
def test_what_cannot_be_steps_is_told_at_the_start(kind, told):
    with pytest.raises(GambrelError, match=told) as caught:
        walk_of(kind)

    assert caught.value.code == "forms.steps"


def test_files_are_found_in_rows_too():
    class File(Struct):
        file: Upload

    class Files(Struct):
        files: list[File]

    class Early(Struct):
        files: Files
        contact: Contact

    with pytest.raises(GambrelError, match=r"'files\.0\.file', a file"):
        walk_of(Early)


def test_a_title_may_be_said_later():
    class Late(Struct):
        contact: Annotated[Contact, step(LazyText("About %(who)s", {"who": "you"}))]

    [one] = walk_of(Late).steps

    assert isinstance(one.title, LazyText)
    assert str(one.title) == "About you"
