"""The steps of a form, read once from a class: each of its fields is a class, and a form."""

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.forms.fields import as_written, words
from gambrel.forms.form import Definition
from gambrel.wording import Words

__all__ = ["Step", "Walk", "read_steps", "step"]


def step(title: Words = "", *, when: Callable[..., bool] | None = None) -> msgspec.Meta:
    """Say what a step of `Steps` is called, and when it is asked at all.

    `when(contact)` is given the answers of earlier steps by their names, None for one that was left
    out: `delivery: Annotated[Delivery | None, step("Where to?", when=is_parcel)] = None`.
    """
    return msgspec.Meta(title=as_written(title) or None, extra={"when": when, "title": title})


class Step(Struct, frozen=True, eq=False):
    """One step: its form, what it is called, and whether it is asked."""

    name: str
    title: Words
    definition: Definition
    when: Callable[..., bool] | None
    needs: tuple[str, ...]

    @property
    def is_review(self) -> bool:
        """Whether it asks nothing: it shows what was answered before."""
        return not self.definition.fields


class Walk(Struct, frozen=True, eq=False):
    """All steps of a class, and what makes it of their answers; `key` is its name in sessions."""

    key: str
    steps: tuple[Step, ...]
    make: Callable[[dict[str, Any]], Any]


def read_steps(kind: Any, shape: Any, define: Callable[[Any], Definition]) -> Walk:
    """Return the steps of a class by its shape.

    Raises:
        GambrelError: A field is no form, a step that may be left out has no default or needs what
            is asked later, or there are files or passwords before the last step.
    """
    where = f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', kind)}"
    found: list[Step] = []
    for item in shape.fields:
        members = [inner for inner in item.shape.items if inner.kind not in {"none", "unset"}]
        inner = members[0] if item.shape.kind == "union" and len(members) == 1 else item.shape
        if inner.kind != "object":
            what = f"the step {item.name!r} is {inner.annotation}, which is no form"
            raise GambrelError("forms.steps", what, where, "make a class of what the step asks")
        notes = {**inner.notes, **item.shape.notes}
        told = notes.get("extra", {})
        when = told.get("when")
        needs = tuple(inspect.signature(when).parameters) if when else ()
        unknown = set(needs) - {one.name for one in found}
        if unknown:
            what = f"{item.name!r} depends on {min(unknown)!r}, which is no step before it"
            hint = "give `when` the names of earlier steps as parameters"
            raise GambrelError("forms.steps", what, where, hint)
        if when and item.required:
            what = f"{item.name!r} may be left out, and has no default"
            raise GambrelError(
                "forms.steps", what, where, f"write `{item.name}: ... | None = None`"
            )
        title = told.get("title") or notes.get("title") or words(item.name)
        found.append(Step(item.name, title, define(inner.cls), when, needs))
    check_order(found, where)
    return Walk(f"steps:{where}", tuple(found), shape.make)


def check_order(steps: list[Step], where: str) -> None:
    """Raise GambrelError where there is no step to begin with, or one asks for files too early."""
    if not steps or steps[0].when:
        what = "it has no step to begin with"
        raise GambrelError("forms.steps", what, where, "let the first step be asked always")
    for one in steps[:-1]:
        for name, spec in one.definition.every:
            if spec.is_unkept:
                what = f"{one.name!r} asks for {name!r}, a {spec.widget}, and is not the last step"
                hint = "ask in the last step: a session keeps neither files nor passwords"
                raise GambrelError("forms.steps", what, where, hint)
