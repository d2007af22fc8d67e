"""Media types, to parse and to compare: content negotiation and body parsers do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.header_values import (
    is_token,
    parse_parameters,
    render_parameters,
    split_outside_quotes,
)

LENGTH_LIMIT = 1_024


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range (RFC 9110 §8.3.1), names in lower case; `str()` renders it.

    Raises:
        ValueError: The type or subtype is not a token.
    """

    type: str
    subtype: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not is_token(self.type) or not is_token(self.subtype):
            raise ValueError(f"{self.type!r}/{self.subtype!r} is not a media type")

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Read `type/subtype; name=value`.

        Raises:
            BadRequest: Malformed, a parameter without value or given twice, or longer than 1 kB.
        """
        if len(text) > LENGTH_LIMIT:
            raise BadRequest("the media type is too long")
        essence, *parts = split_outside_quotes(text, ";")
        major, _, minor = essence.lower().partition("/")
        if not is_token(major) or not is_token(minor):
            raise BadRequest("malformed media type")
        return cls(major, minor, parse_parameters(parts))

    @property
    def essence(self) -> str:
        """The type without parameters: `application/json`."""
        return f"{self.type}/{self.subtype}"

    @property
    def suffix(self) -> str:
        """The structured syntax after the last `+` (RFC 6839): `json` of `problem+json`."""
        return self.subtype.rpartition("+")[2] if "+" in self.subtype else ""

    @property
    def charset(self) -> str:
        """The charset parameter in lower case, or an empty string."""
        return self.parameters.get("charset", "").lower()

    @property
    def is_json(self) -> bool:
        """Whether the content is JSON, by name or by suffix."""
        return self.essence == "application/json" or self.suffix == "json"

    def matches(self, media_range: "MediaType") -> bool:
        """Say whether this type falls into a range such as `text/*`, parameters included."""
        if media_range.type not in {"*", self.type} or media_range.subtype not in {
            "*",
            self.subtype,
        }:
            return False
        wanted = media_range.parameters.items()
        return all(self.parameters.get(name, "").lower() == text.lower() for name, text in wanted)

    def __str__(self) -> str:
        if not self.parameters:
            return self.essence
        return f"{self.essence}; {render_parameters(self.parameters)}"
