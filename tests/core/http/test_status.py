import pytest

from gambrel.core.http.status import PHRASES, has_body, phrase


def test_a_registered_status_has_its_phrase() -> None:
    assert phrase(422) == "Unprocessable Content"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (199, "Informational"),
        (299, "Success"),
        (399, "Redirection"),
        (418, "Client Error"),
        (599, "Server Error"),
    ],
)
def test_an_unregistered_status_gets_the_name_of_its_class(status: int, expected: str) -> None:
    assert phrase(status) == expected


@pytest.mark.parametrize("status", [99, 600, -1, 0])
def test_what_is_no_status_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match="100-599"):
        phrase(status)


def test_phrases_can_stand_in_a_status_line() -> None:
    assert all(text.isascii() and text.isprintable() for text in PHRASES.values())


def test_informational_empty_and_unmodified_answers_have_no_body() -> None:
    assert [status for status in PHRASES if not has_body(status)] == [100, 101, 102, 103, 204, 304]
