"""What a `Patch[T]` carries, set on an object whose rules hold afterwards as well."""

import dataclasses
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeVar

import msgspec

from gambrel.core.http.errors import Fault, Unprocessable

__all__ = ["apply"]

T = TypeVar("T")


def apply(patch: Any, target: T) -> T:
    """Set the fields that `patch` carries on `target`, and return it; a frozen one is copied.

    The target may be any object with these attributes, or a dict. What a struct or dataclass says
    of its fields together, in `__post_init__`, is asked again before anything is set.

    Raises:
        Unprocessable: The object would break a rule of its own; it is left as it was.
    """
    names = patch.__struct_fields__
    sent = {n: v for n in names if (v := getattr(patch, n)) is not msgspec.UNSET}
    if isinstance(target, MutableMapping):
        target.update(sent)
        return target
    if _is_frozen(target):
        copy: T = _replaced(target, sent)
        return copy
    if hasattr(target, "__post_init__"):
        _replaced(target, sent)
    for name, value in sent.items():
        setattr(target, name, value)
    return target


def _is_frozen(target: Any) -> bool:
    parameters = getattr(type(target), "__dataclass_params__", None)
    if parameters is not None:
        return bool(parameters.frozen)
    return isinstance(target, msgspec.Struct) and target.__struct_config__.frozen


def _replaced(target: Any, sent: Mapping[str, Any]) -> Any:
    try:
        if isinstance(target, msgspec.Struct):
            return msgspec.structs.replace(target, **sent)
        return dataclasses.replace(target, **sent)
    except ValueError as error:
        raise Unprocessable(faults=[Fault("body", "", str(error), "custom")]) from error
