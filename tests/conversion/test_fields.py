from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.faults import collect
from gambrel.conversion.fields import (
    ULID,
    Country,
    Currency,
    Email,
    HttpUrl,
    Money,
    Phone,
    Slug,
)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Email, "ann@example.com"),
        (Email, "o'neil+news@mail.example.co.uk"),
        (Email, "a@xn--bcher-kva.example"),
        (HttpUrl, "https://example.com"),
        (HttpUrl, "http://localhost:8000/a?b=c#d"),
        (Slug, "a-new-day-2"),
        (Phone, "+31201234567"),
        (Country, "NL"),
        (Currency, "EUR"),
        (ULID, "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
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
        (Email, "ann..lee@example.com", "must be an e-mail address"),
        (Email, "ånn@example.com", "must be an e-mail address"),
        (Email, "ann@bücher.example", "must be an e-mail address"),
        (Email, "ann@-a.example", "must be an e-mail address"),
        (Email, "a" * 65 + "@example.com", "must be an e-mail address"),
        (HttpUrl, "javascript:alert(1)", "must be an http or https URL"),
        (HttpUrl, "https://user@example.com", "must be an http or https URL"),
        (HttpUrl, "https://a b", "must be an http or https URL"),
        (Slug, "A b", "must be lower-case words joined by hyphens"),
        (Slug, "a-", "must be lower-case words joined by hyphens"),
        (Phone, "020 1234567", "must be a phone number such as +15550100 (E.164)"),
        (Phone, "+0201234567", "must be a phone number such as +15550100 (E.164)"),
        (Phone, "+1234567890123456", "must be a phone number such as +15550100 (E.164)"),
        (Phone, "+\u0663\u0661201234567", "must be a phone number such as +15550100 (E.164)"),
        (Country, "nl", "must be a country code of two letters (ISO 3166-1)"),
        (Country, "NLD", "must be a country code of two letters (ISO 3166-1)"),
        (Currency, "EU\n", "must be a currency code of three letters (ISO 4217)"),
        (ULID, "81ARZ3NDEKTSV4RRFFQ69G5FAV", "must be a ULID: 26 digits and capital letters"),
        (ULID, "01ARZ3NDEKTSV4RRFFQ69G5FAU", "must be a ULID: 26 digits and capital letters"),
    ],
)
def test_anything_else_is_refused_in_plain_words(annotation: Any, text: str, message: str) -> None:
    assert [(f.code, f.message) for f in collect(annotation, text)] == [("format", message)]


@given(st.from_regex(r"\A[!-~]{1,9}@[a-z0-9.-]{1,9}\Z"))
def test_what_is_an_address_is_one_to_validators_of_schemas(text: str) -> None:
    # what stands behind `--` may be no name in punycode, which is not looked at
    fits = jsonschema_rs.Draft202012Validator({"format": "email"}, validate_formats=True).is_valid

    assert collect(Email, text) != [] or "--" in text or fits(text)


def test_a_field_has_a_bounded_length() -> None:
    text = "a@" + "b." * 200 + "com"

    assert [fault.code for fault in collect(Email, text)] == ["length"]


def test_money_is_a_finite_amount_in_a_currency() -> None:
    taken = json_decoder(Money)(b'{"amount": "9.90", "currency": "EUR"}')
    faults = collect(Money, {"amount": "NaN", "currency": "euro"})

    assert taken == Money(Decimal("9.90"), "EUR")
    assert [fault.path for fault in faults] == ["amount", "currency"]
