"""Constrained types for everyday fields; checked by shape only, nothing is looked up."""

from typing import Annotated

from msgspec import Meta

__all__ = ["Email", "HttpUrl", "Slug"]

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
