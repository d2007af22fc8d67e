"""What a browser checks of a text because of its widget: an e-mail address, a URL."""

from collections.abc import Iterable
from typing import Any

from gambrel.conversion.errors import ConversionError
from gambrel.conversion.fields import Email, HttpUrl
from gambrel.conversion.text import text_converter
from gambrel.forms.fields import FieldSpec

__all__ = ["FORMATS", "wrong_format"]

FORMATS = {"email": text_converter(Email), "url": text_converter(HttpUrl)}
"""What takes the text of a widget, or says what is wrong with it."""


def wrong_format(spec: FieldSpec, texts: Iterable[Any]) -> str | None:
    """Return what is wrong with what was sent for a field; None where nothing is, or is there."""
    check = FORMATS.get(spec.widget)
    if check is None or spec.is_locked:
        return None
    is_many = spec.widget == "email" and spec.attributes.get("multiple")
    for text in texts:
        for one in text.split(",") if is_many else [text]:
            try:
                check(one.strip()) if one else None
            except ConversionError as error:
                return str(error)
    return None
