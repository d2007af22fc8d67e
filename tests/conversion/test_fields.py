from typing import Any

import pytest

from gambrel.conversion.faults import collect
from gambrel.conversion.fields import Email, HttpUrl, Slug


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Email, "ann@example.com"),
        (Email, "o'neil+news@mail.example.co.uk"),
        (HttpUrl, "https://example.com"),
        (HttpUrl, "http://localhost:8000/a?b=c#d"),
        (Slug, "a-new-day-2"),
    ],
)
def test_a_usual_value_is_taken(annotation: Any, text: str) -> None:
    assert collect(annotation, text) == []


@pytest.mark.parametrize(
    ("annotation", "text", "message"),
    [
        (Email, "ann", "must be an e-mail address"),
        (Email, "ann@localhost", "must be an e-mail address"),
        (Email, "a b@example.com", "must be an e-mail address"),
        (Email, "ann@example.com\n", "must be an e-mail address"),
        (HttpUrl, "javascript:alert(1)", "must be an http or https URL"),
        (HttpUrl, "https://user@example.com", "must be an http or https URL"),
        (HttpUrl, "https://a b", "must be an http or https URL"),
        (Slug, "A b", "must be lower-case words joined by hyphens"),
        (Slug, "a-", "must be lower-case words joined by hyphens"),
    ],
)
def test_anything_else_is_refused_in_plain_words(annotation: Any, text: str, message: str) -> None:
    assert [(f.code, f.message) for f in collect(annotation, text)] == [("format", message)]


def test_a_field_has_a_bounded_length() -> None:
    text = "a@" + "b." * 200 + "com"

    assert [fault.code for fault in collect(Email, text)] == ["length"]
