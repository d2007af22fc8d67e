"""`Patch[T]`: the partial update of a type, which tells a field left out from one set to null."""

import dataclasses
import functools
from collections.abc import MutableMapping
from typing import Any, Generic, TypeVar, Union

import msgspec

from gambrel.conversion.shape import Shape, read_shape, unsupported

__all__ = ["Patch", "apply"]

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


def apply(patch: Any, target: T) -> T:
    """Set the fields that `patch` carries on `target`, and return it; a frozen one is copied.

    The target may be any object with these attributes, or a dict.
    """
    names = patch.__struct_fields__
    sent = {n: v for n in names if (v := getattr(patch, n)) is not msgspec.UNSET}
    if isinstance(target, MutableMapping):
        target.update(sent)
        return target
    if isinstance(target, msgspec.Struct) and target.__struct_config__.frozen:
        return msgspec.structs.replace(target, **sent)
    parameters = getattr(type(target), "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        return dataclasses.replace(target, **sent)  # type: ignore[type-var]
    for name, value in sent.items():
        setattr(target, name, value)
    return target


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
