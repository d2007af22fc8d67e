"""What a form has sent, by the names of its fields: cleaned, and rows without gaps."""

import re
from collections.abc import Iterable
from typing import Any

from gambrel.core.http.bodies.forms import FormData, Upload
from gambrel.forms.fields import TEXTS, FieldSpec
from gambrel.forms.moments import read_typed, write_typed

__all__ = [
    "ADD",
    "GO",
    "REMOVE",
    "RUN",
    "STEP",
    "Texts",
    "begin",
    "canonical",
    "clean",
    "texts_of_form",
    "texts_of_object",
]

Texts = dict[str, list[Any]]
"""By name (`items.0.sku`): texts, or uploads."""
ADD, REMOVE = "_add", "_remove"
"""Names of the buttons that add a row, or take one away."""
GO, RUN, STEP = "_go", "_run", "_step"
"""Names of what a step sends beside its fields: where to go, and where it is."""
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def canonical(name: str) -> str:
    """Return a name with dots: `items[0].sku` and `items[0][sku]` are `items.0.sku`."""
    return _BRACKETS.sub(r".\1", name) if "[" in name else name


def begin(fields: Iterable[FieldSpec], prefix: str = "") -> Texts:
    """Return what a form shows at first: the defaults of its class."""
    found: Texts = {}
    for spec in fields:
        if spec.widget == "group":
            found |= begin(spec.fields, f"{prefix}{spec.key}.")
        elif spec.start:
            start = (write_typed(spec.local, t) if spec.local else t for t in spec.start)
            found[prefix + spec.key] = list(start)
    return found


def texts_of_form(data: FormData) -> Texts:
    """Return the texts of a form by name; an input for a file that was left empty is absent."""
    found: Texts = {}
    for name, value in data.pairs():
        if not (isinstance(value, Upload) and not value.filename and not value.size):
            found.setdefault(canonical(name), []).append(value)
    return found


def texts_of_object(fields: Iterable[FieldSpec], value: Any, prefix: str = "") -> Texts:
    """Return an object as the form would send it."""
    found: Texts = {}
    for spec in fields:
        inner = value[spec.name] if isinstance(value, dict) else getattr(value, spec.name, None)
        name = prefix + spec.key
        if spec.widget == "group" and inner is not None:
            found |= texts_of_object(spec.fields, inner, f"{name}.")
        elif spec.widget == "rows":
            for index, row in enumerate(inner or ()):
                found |= texts_of_object(spec.fields, row, f"{name}.{index}.")
        elif spec.widget not in {"file", "password", "group"}:
            found[name] = spec.texts_of(inner)
    return found


def clean(
    fields: Iterable[FieldSpec], sent: Texts, prefix: str = "", *, keeps: bool = False
) -> Texts:
    """Return what was sent for the fields: stripped, rows numbered from 0, blank ones left out.

    What is no field of the form is left out, too. With `keeps`, blank rows stay.
    """
    found: Texts = {}
    for spec in fields:
        name = prefix + spec.key
        if spec.widget == "group":
            found |= clean(spec.fields, sent, f"{name}.", keeps=keeps)
        elif spec.widget == "rows":
            for index, row in enumerate(rows_of(sent, name, keeps=keeps)):
                inner = clean(spec.fields, row, keeps=keeps)
                found |= {f"{name}.{index}.{key}": texts for key, texts in inner.items()}
        elif name in sent:
            found[name] = cleaned(spec, sent[name])
    return found


def cleaned(spec: FieldSpec, texts: list[Any]) -> list[Any]:
    """Return what was sent for one field; a file is nothing where text is wanted."""
    if spec.widget == "file":
        return [text for text in texts if text != ""]
    is_line = spec.widget in TEXTS
    return [t.strip() if is_line else t for t in texts if isinstance(t, str)]


def rows_of(sent: Texts, name: str, *, keeps: bool) -> list[Texts]:
    """Return what was sent for each row of a repeated group, in order."""
    rows: dict[int, Texts] = {}
    start = f"{name}."
    for key, texts in sent.items():
        number, dot, rest = (
            key[len(start) :].partition(".") if key.startswith(start) else ("", "", "")
        )
        if dot and is_number(number):
            rows.setdefault(int(number), {})[rest] = texts
    ordered = [rows[number] for number in sorted(rows)]
    return [row for row in ordered if keeps or any(any(texts) for texts in row.values())]


def count_rows(texts: Texts) -> dict[str, int]:
    """Return how many rows there are of each repeated group, by its name."""
    seen: dict[str, set[str]] = {}
    for name in texts:
        keys = name.split(".")
        for place, key in enumerate(keys[:-1]):
            if place and is_number(key):
                seen.setdefault(".".join(keys[:place]), set()).add(key)
    return {name: len(numbers) for name, numbers in seen.items()}


def is_number(key: str) -> bool:
    """Whether a part of a name is that of a row."""
    return key.isdecimal() and key.isascii() and len(key) < 7


def as_input(fields: Iterable[FieldSpec], cleaned: Texts, prefix: str = "") -> dict[str, Any]:
    """Return cleaned texts as conversion takes them: what HTML does not send is said."""
    found: dict[str, Any] = {}
    for spec in fields:
        name = prefix + spec.key
        if spec.widget == "group":
            inner = as_input(spec.fields, cleaned, f"{name}.")
            if spec.required or is_filled(spec, cleaned, f"{name}."):
                found |= inner
            elif spec.is_nullable:
                found[name] = ""  # which is how a form says None
        elif spec.widget == "rows":
            found |= as_rows(spec, cleaned, name)
        else:
            value = as_value(spec, cleaned.get(name))
            found |= {} if value is None else {name: value}
    return found


def is_filled(group: FieldSpec, cleaned: Texts, prefix: str) -> bool:
    """Whether there is anything in a group that nobody has to fill in.

    What it shows at first is no answer, where there are others that must be given with it.
    """
    must_be_given = any(spec.required for spec in group.fields)
    shown = begin(group.fields, prefix) if must_be_given else {}
    return any(
        any(texts) and texts != shown.get(name)
        for name, texts in cleaned.items()
        if name.startswith(prefix)
    )


def as_rows(spec: FieldSpec, cleaned: Texts, name: str) -> dict[str, Any]:
    """Return the rows of a repeated group as conversion takes them."""
    rows = rows_of(cleaned, name, keeps=True)
    if not rows:
        return {name: []} if spec.required else {}
    found: dict[str, Any] = {}
    for index, row in enumerate(rows):
        inner = as_input(spec.fields, row)
        found |= {f"{name}.{index}.{key}": value for key, value in inner.items()}
    return found


def as_value(spec: FieldSpec, texts: list[Any] | None) -> Any:
    """Return what was sent for one field, None where that is nothing."""
    if spec.widget == "checkbox":
        return texts[-1] if texts else "false"
    if spec.widget == "checkboxes" or spec.is_many:
        return texts or ([] if spec.required else None)
    if spec.widget == "lines":
        lines = [line.strip() for text in texts or () for line in text.splitlines()]
        found = [line for line in lines if line]
        return found or ([] if spec.required else None)
    if not texts or (spec.required and texts == [""]):
        return None
    if spec.local and isinstance(texts[0], str):
        return read_typed(spec.local, texts[0])
    if spec.widget == "datetime-local" and isinstance(texts[0], str) and len(texts[0]) == 16:
        return f"{texts[0]}:00"
    return texts if len(texts) > 1 else texts[0]
