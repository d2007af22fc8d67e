"""Constrained types for everyday fields; checked by shape only, nothing is looked up."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from gambrel.conversion.shape import Codec

__all__ = ["ULID", "Codec", "Country", "Currency", "Email", "HttpUrl", "Money", "Phone", "Slug"]


def shaped(pattern: str, what: str, length: int | None = None, form: str = "") -> Meta:
    """Return the rule that a whole text has a shape, and is told to be `what` where it has not."""
    # `$` alone would let a trailing line feed pass in Python, and JSON Schema has no `\Z`.
    extra = {"code": "format", "message": f"must be {what}"}
    schema = {"format": form} if form else None
    pattern = f"^{pattern}$(?!\\n)"
    return Meta(pattern=pattern, max_length=length, extra=extra, extra_json_schema=schema)


# What `format: email` is in JSON Schema (RFC 5321), but for quotes and addresses in brackets.
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = rf"(?![^@]{{65}}){_WORD}(\.{_WORD})*@{_LABEL}(\.{_LABEL})+"
_EMAIL = shaped(_ADDRESS, "an e-mail address", 254, "email")
_URL = shaped(r"https?://[^\s/?#@\\]+([/?#]\S*)?", "an http or https URL", 2000, "uri")

Email = Annotated[str, _EMAIL]
HttpUrl = Annotated[str, _URL]
Slug = Annotated[str, shaped("[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens", 100)]
Phone = Annotated[str, shaped(r"\+[1-9][0-9]{6,14}", "a phone number such as +15550100 (E.164)")]
Country = Annotated[str, shaped("[A-Z]{2}", "a country code of two letters (ISO 3166-1)")]
Currency = Annotated[str, shaped("[A-Z]{3}", "a currency code of three letters (ISO 4217)")]
ULID = Annotated[
    str, shaped("[0-7][0-9A-HJKMNP-TV-Z]{25}", "a ULID: 26 digits and capital letters")
]


class Money(Struct, frozen=True):
    """An amount in a currency; on the wire `{"amount": "9.90", "currency": "EUR"}`."""

    amount: Decimal
    currency: Currency
