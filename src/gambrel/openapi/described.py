"""What the document builder is lent: the function that describes types."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

__all__ = ["JsonSchemas", "Mode", "Schema"]

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
        ...
