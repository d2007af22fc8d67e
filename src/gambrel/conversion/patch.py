"""`Patch[T]`: the partial update of a type, which tells a field left out from one set to null."""

import functools
from typing import Any, Generic, TypeVar, Union

import msgspec

from gambrel.conversion.shape import Shape, read_shape, unsupported

__all__ = ["Patch"]

T = TypeVar("T")


class Patch(Generic[T]):
    """A body of which any field may be left out: `async def edit(patch: Patch[Hero])`.

    `Patch[Hero]` is a Struct with the fields of `Hero`, each `UNSET` unless it was sent; `apply`
    carries the ones sent over to an object.
    """

    def __class_getitem__(cls, target: Any) -> Any:
        """Return the Struct of partial updates of `target`."""
        if isinstance(target, TypeVar):
            return super().__class_getitem__(target)  # type: ignore[misc]
        return _patch_of(target)


@functools.cache
def _patch_of(target: Any) -> Any:
    shape: Shape = read_shape(target)
    if shape.kind != "object":
        hint = "patch a Struct, dataclass, attrs class or TypedDict"
        raise unsupported(f"Patch[{getattr(target, '__qualname__', target)}]", hint)
    fields: list[tuple[str, Any, Any]] = [
        (item.name, Union[item.shape.annotation, msgspec.UnsetType], msgspec.UNSET)  # noqa: UP007
        for item in shape.fields
    ]
    forbids = shape.flavour == "struct" and shape.cls.__struct_config__.forbid_unknown_fields
    return msgspec.defstruct(
        f"{shape.cls.__name__}Patch",
        fields,
        module=shape.cls.__module__,
        rename={item.name: item.key for item in shape.fields},
        forbid_unknown_fields=bool(forbids),
        kw_only=True,
    )
