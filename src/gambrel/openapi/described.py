"""What the document builder reads of an operation: the shape of the records binding hands over.

A battery may not import binding, so these protocols say which attributes it relies on; the
records of `gambrel.core.binding.describe` have them, and so may anything else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

__all__ = ["Body", "JsonSchemas", "Mode", "Operation", "Param", "Response", "Schema"]

Schema = dict[str, Any]
Mode = Literal["input", "output"]


class JsonSchemas(Protocol):
    """Turn types into JSON Schemas that refer to shared components by `ref_template`.

    `mode` is `input` for what clients send and `output` for what they receive.
    """

    def __call__(
        self, types: Sequence[Any], *, mode: Mode, ref_template: str
    ) -> tuple[Sequence[Schema], Mapping[str, Schema]]:
        """Return one schema per type, and the components they refer to."""


class Param(Protocol):
    """A parameter, or one part of a form."""

    alias: str
    annotation: Any
    required: bool
    default: Any
    description: str
    examples: Any
    deprecated: bool
    converter: str | None

    @property
    def location(self) -> str:
        """Where the value is read: path, query, header, cookie, form, file or body."""


class Body(Protocol):
    """A request body."""

    annotation: Any
    media_types: tuple[str, ...]
    required: bool
    description: str
    examples: Any

    @property
    def fields(self) -> Sequence[Param]:
        """The parts of a form."""


class Response(Protocol):
    """A declared response."""

    status: int
    description: str
    annotation: Any
    media_types: tuple[str, ...]
    headers: dict[str, Any]
    examples: Any


class Operation(Protocol):
    """One method on one path."""

    method: str
    path: str
    name: str
    operation_id: str | None
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    hidden: bool
    version: str | None
    host: str | None
    security: list[dict[str, list[str]]]
    where: str
    extra: dict[str, Any]

    @property
    def params(self) -> Sequence[Param]:
        """Path, query, header and cookie parameters."""

    @property
    def body(self) -> Body | None:
        """The request body, if the operation reads one."""

    @property
    def responses(self) -> Mapping[int, Response]:
        """The declared responses by status."""
