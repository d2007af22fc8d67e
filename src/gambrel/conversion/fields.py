"""Constrained types for everyday fields; checked by shape only, nothing is looked up."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["ULID", "Country", "Currency", "Email", "HttpUrl", "Money", "Phone", "Slug"]

# `$` alone would let a trailing line feed pass in Python, and JSON Schema has no `\Z`.
_END = r"$(?!\n)"

Email = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+" + _END,
        max_length=254,
        extra_json_schema={"format": "email"},
        extra={"code": "format", "message": "must be an e-mail address"},
    ),
]
HttpUrl = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/?#@\\]+([/?#]\S*)?" + _END,
        max_length=2000,
        extra_json_schema={"format": "uri"},
        extra={"code": "format", "message": "must be an http or https URL"},
    ),
]
Slug = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*" + _END,
        max_length=100,
        extra={"code": "format", "message": "must be lower-case words joined by hyphens"},
    ),
]
Phone = Annotated[
    str,
    Meta(
        pattern=r"^\+[1-9][0-9]{6,14}" + _END,
        examples=["+15550100"],
        extra={"code": "format", "message": "must be a phone number such as +15550100 (E.164)"},
    ),
]
Country = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{2}" + _END,
        examples=["NL"],
        extra={"code": "format", "message": "must be a country code of two letters (ISO 3166-1)"},
    ),
]
Currency = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{3}" + _END,
        examples=["EUR"],
        extra={"code": "format", "message": "must be a currency code of three letters (ISO 4217)"},
    ),
]
ULID = Annotated[
    str,
    Meta(
        pattern="^[0-7][0-9A-HJKMNP-TV-Z]{25}" + _END,
        examples=["01ARZ3NDEKTSV4RRFFQ69G5FAV"],
        extra={"code": "format", "message": "must be a ULID: 26 digits and capital letters"},
    ),
]


class Money(Struct, frozen=True):
    """An amount in a currency; on the wire `{"amount": "9.90", "currency": "EUR"}`."""

    amount: Decimal
    currency: Currency
