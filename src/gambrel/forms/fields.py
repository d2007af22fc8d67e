"""The fields of a form, read once from a typed class: what they are called and how they look."""

import datetime as dt
import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gambrel.core.http.bodies.forms import Upload
from gambrel.core.http.errors import GambrelError
from gambrel.forms.moments import MOMENT, write_typed
from gambrel.wording import LazyText, Words

__all__ = ["Choices", "FieldSpec", "Look", "choices_from", "field", "read_fields"]

Choices = Mapping[Any, Words] | Callable[..., Any]
"""Values and their names; or what returns them for a request, a dependency like any other."""

_TYPES = {
    "str": "text",
    "int": "number",
    "float": "number",
    "decimal": "number",
    "date": "date",
    "time": "time",
    "uuid": "text",
    "datetime": "datetime-local",
    "timedelta": "text",
}
_LISTS = frozenset({"list", "set", "frozenset", "vartuple"})
_ABSENT = frozenset({"none", "unset"})
_BOUNDS = {
    "ge": "min",
    "le": "max",
    "multiple_of": "step",
    "min_length": "minlength",
    "max_length": "maxlength",
    "pattern": "pattern",
}
_WIDGETS = frozenset(
    "text email url tel search password color range hidden textarea "  # noqa: SIM905
    "select radio checkbox checkboxes file number date time datetime-local lines".split()
)
TEXTS = frozenset({"text", "email", "url", "tel", "search", "color"})
"""Widgets of one line of text: blanks around it are no part of it."""
_READABLE = TEXTS | {"password", "textarea", "lines", "number", "date", "time", "datetime-local"}
"""Widgets that HTML lets be `readonly`; of any other that is `disabled`."""


LOCAL: dict[str, dict[str, str]] = {"number": {"inputmode": "decimal"}, "date": {}}
"""Widgets that can be typed in the visitor's language, and what their inputs have then."""


class Look(Struct, frozen=True, kw_only=True):
    """How a field is shown, where its type does not say; `field()` makes one."""

    widget: str = ""
    choices: Choices | None = None
    blank: int = 1
    attributes: Mapping[str, Any] = {}
    label: Words = ""
    help: Words = ""
    is_localized: bool = False


def field(
    label: Words = "",
    *,
    help: Words = "",  # noqa: A002 - what it is called
    widget: str = "",
    choices: Choices | None = None,
    blank: int = 1,
    localized: bool = False,
    **attributes: Any,
) -> msgspec.Meta:
    """Say how a field of a form is shown: `email: Annotated[str, field("E-mail", widget="email")]`.

    `label` and `help` are for people, and stand in the API document, too. `choices` are values and
    their names, or a function that returns them for each request and may ask for what handlers do.
    `blank` is how many empty rows a repeated group ends with. A number or date that is `localized`
    is typed as in the visitor's language, `1.234,5` in German. Further `attributes` are those of
    the input (`autocomplete="email"`, `rows=5`); what is sent for a field that is `readonly` or
    `disabled` counts for nothing.

    Raises:
        GambrelError: There is no such widget.
    """
    if widget and widget not in _WIDGETS:
        hint = f"use one of: {', '.join(sorted(_WIDGETS))}"
        raise GambrelError("forms.widget", f"there is no widget {widget!r}", "field()", hint)
    look = Look(
        widget=widget,
        choices=choices,
        blank=blank,
        attributes=attributes,
        label=label,
        help=help,
        is_localized=localized,
    )
    title, description = as_written(label) or None, as_written(help) or None
    return msgspec.Meta(title=title, description=description, extra={"form": look})


def as_written(text: Words) -> str:
    """Return a text in the language of the source: documents have no other."""
    return text.message if isinstance(text, LazyText) else text


class FieldSpec(Struct, frozen=True, eq=False):
    """One field: its `key` in names, what it is called, and how it is shown.

    `fields` are those of a group, or of each row of a repeated one. `choices` are texts and their
    names, `attributes` those of the input that follow from the constraints, `start` is what it
    shows at first. `is_closed` says that we refuse what is no choice: the type does not. `load`
    returns the choices for a request. `is_many` takes several files, `is_locked` nothing at all.
    `local` is how it is typed in the visitor's language: as a `number`, a `date`, or not at all;
    a `moment` is typed in their time zone.
    One that `is_lenient` is in a group that may be left empty: browsers must not insist on it. A
    group that `is_nullable` has no default, and is None where nothing is in it.
    """

    key: str
    name: str
    label: Words
    help: Words
    widget: str
    required: bool
    attributes: Mapping[str, Any]
    choices: tuple[tuple[str, Words], ...] = ()
    fields: tuple["FieldSpec", ...] = ()
    blank: int = 0
    start: tuple[str, ...] = ()
    is_closed: bool = False
    load: Callable[..., Any] | None = None
    is_many: bool = False
    is_locked: bool = False
    annotation: Any = str
    local: str = ""
    is_lenient: bool = False
    is_nullable: bool = False

    @property
    def is_optional(self) -> bool:
        """Whether it may be left empty: most must not be, and one that has begun filled is not."""
        return not self.required and not self.start and self.widget != "checkbox"

    @property
    def is_unkept(self) -> bool:
        """Whether nothing may keep it, a session included: files and passwords."""
        return self.widget in {"file", "password"}

    def texts_of(self, value: Any) -> list[str]:
        """Return a value as the input would send it."""
        if value is None or value is msgspec.UNSET:
            return []
        if self.widget == "lines":
            return ["\n".join(map(text_of, value))]
        if isinstance(value, list | tuple | set | frozenset):
            return [text_of(item) for item in value]
        if self.widget == "checkbox":
            return ["on"] if value else []
        return [write_typed(self.local, text_of(value)) if self.local else text_of(value)]


def text_of(value: Any) -> str:
    """Return a scalar as a form sends it."""
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value)


def read_fields(shape: Any, where: str, above: tuple[Any, ...] = ()) -> tuple[FieldSpec, ...]:
    """Return the fields of a class by its shape.

    Raises:
        GambrelError: A field cannot be filled in by a form, or the class holds itself.
    """
    if shape.cls in above:
        what, hint = f"{shape.cls.__name__} holds itself", "a form has an end: use another class"
        raise GambrelError("forms.field", what, where, hint)
    return tuple(read_field(item, where, (*above, shape.cls)) for item in shape.fields)


def is_locked(attributes: Mapping[str, Any]) -> bool:
    """Whether an input cannot be filled in."""
    return bool(attributes.get("disabled") or attributes.get("readonly"))


def check_rows(fields: Iterable[FieldSpec], name: str, where: str) -> None:
    """Raise GambrelError for a locked field in rows: which row an old value is of, nobody knows."""
    for one in fields:
        check_rows(one.fields, name, where)
        if one.is_locked:
            what = f"{one.name!r} is locked, and {name!r} has it in each of its rows"
            hint = "show it as text, or leave it out of the class of the rows"
            raise GambrelError("forms.field", what, where, hint)


def lenient(fields: Iterable[FieldSpec]) -> tuple[FieldSpec, ...]:
    """Return fields, those in groups and rows included, on which browsers do not insist."""
    return tuple(replace(one, is_lenient=True, fields=lenient(one.fields)) for one in fields)


def read_field(item: Any, where: str, above: tuple[Any, ...]) -> FieldSpec:
    """Return one field. Raises GambrelError as `read_fields`."""
    outer = item.shape
    members = [inner for inner in outer.items if inner.kind not in _ABSENT]
    shape = members[0] if outer.kind == "union" and len(members) == 1 else outer
    notes = {**shape.notes, **outer.notes}
    look: Look = notes.get("extra", {}).get("form") or Look()
    is_optional = shape is not outer
    element = shape.items[0] if shape.kind in _LISTS else shape
    choices = choices_of(element, look)
    load = look.choices if callable(look.choices) else None
    limits = {**shape.bounds, **outer.bounds}
    widget = look.widget or widget_of(shape, element, bool(choices or load), limits)
    local = local_of(widget, look, limits)
    widget = "text" if local in LOCAL else widget
    if not widget:
        raise unknown(item, shape, where)
    fields = read_fields(element, where, above) if element.kind == "object" else ()
    fields = inside(fields, item, widget, where)
    if choices and is_optional and widget == "select":
        choices = (("", ""), *choices)
    default = None if item.default is msgspec.NODEFAULT else item.default
    bounds = {_BOUNDS[n]: text_of(v) for n, v in limits.items() if n in _BOUNDS}
    is_many = widget == "file" and shape.kind in _LISTS
    step = {"step": "any"} if element.kind in {"float", "decimal"} and "step" not in bounds else {}
    shown = attributes_of(widget, bounds | step) | LOCAL.get(local, {})
    spec = FieldSpec(
        key=item.key,
        name=item.name,
        label=look.label or notes.get("title") or words(item.name),
        help=look.help or notes.get("description") or "",
        widget=widget,
        required=item.required and not is_optional,
        attributes=shown | given_to(widget, look, is_many),
        choices=choices,
        fields=fields,
        blank=look.blank if widget == "rows" else 0,
        is_closed=bool(look.choices) and element.kind not in {"enum", "literal"},
        load=load,
        is_many=is_many,
        is_locked=is_locked(look.attributes),
        annotation=outer.annotation,
        local=local,
        is_nullable=item.required and any(one.kind == "none" for one in outer.items),
    )
    is_shown = widget not in {"group", "rows", "file", "password"}
    start = replace(spec, local="").texts_of(default)  # no visitor is there yet
    return replace(spec, start=tuple(filter(None, start))) if is_shown else spec


def unknown(item: Any, shape: Any, where: str) -> GambrelError:
    """Return the error of a field that no input is for."""
    what = f"a form cannot fill in {item.name!r}, of type {shape.annotation}"
    hint = "use texts, numbers, dates, enums, bool, Upload, a class of these, or a list"
    return GambrelError("forms.field", what, where, hint)


def inside(
    fields: tuple[FieldSpec, ...], item: Any, widget: str, where: str
) -> tuple[FieldSpec, ...]:
    """Return the fields of a group or of rows. Raises GambrelError as `check_rows`."""
    if widget == "rows":
        check_rows(fields, item.name, where)
    may_be_none = any(one.kind in _ABSENT for one in item.shape.items)
    may_be_empty = widget == "rows" or (widget == "group" and (may_be_none or not item.required))
    return lenient(fields) if may_be_empty else fields


def local_of(widget: str, look: Look, limits: Mapping[str, Any]) -> str:
    """Return how an input is typed in the visitor's language or time zone, if it is."""
    if widget == "datetime-local" and limits.get("tz") is not False:
        return MOMENT
    return widget if look.is_localized and widget in LOCAL else ""


def widget_of(shape: Any, element: Any, has_choices: bool, bounds: Mapping[str, Any]) -> str:
    """Return how a type is filled in; empty where it cannot be."""
    if element.kind == "object":
        return "rows" if shape.kind in _LISTS else "group"
    if element.kind == "codec" and element.cls is Upload:
        return "file"
    if shape.kind in _LISTS:
        return "checkboxes" if has_choices else "lines" if element.kind in _TYPES else ""
    if has_choices:
        return "select"
    if shape.kind == "bool":
        return "checkbox"
    if shape.kind == "str" and bounds.get("max_length", 0) > 250:
        return "textarea"
    return _TYPES.get(shape.kind, "")


def choices_of(shape: Any, look: Look) -> tuple[tuple[str, Words], ...]:
    """Return the texts that may be chosen, with their names."""
    if look.choices is not None:
        return () if callable(look.choices) else choices_from(look.choices)
    if shape.kind == "enum":
        members = list(shape.cls)
        return tuple(
            (text_of(m), getattr(m, "label", None) or words(m.name.lower())) for m in members
        )
    if shape.kind == "literal":
        return tuple(
            (text_of(value), words(str(value))) for value in shape.cls if value is not None
        )
    return ()


def choices_from(given: Any) -> tuple[tuple[str, Words], ...]:
    """Return choices as texts: those of a mapping, of pairs, or of values that tell their names."""
    pairs = given.items() if isinstance(given, Mapping) else given
    return tuple(
        (text_of(one[0]), one[1] if isinstance(one[1], LazyText) else str(one[1]))
        if isinstance(one, tuple)
        else (text_of(one), str(one))
        for one in pairs
    )


def given_to(widget: str, look: Look, is_many: bool) -> dict[str, Any]:
    """Return the attributes that an input was given, as HTML has them."""
    given = dict(look.attributes)
    if given.get("readonly") and widget not in _READABLE:
        given["disabled"] = given.pop("readonly")
    return given | {"multiple": True} if is_many else given


def attributes_of(widget: str, bounds: Mapping[str, str]) -> dict[str, Any]:
    """Return the constraints that a widget knows."""
    known = {
        "number": {"min", "max", "step"},
        "range": {"min", "max", "step"},
        "textarea": {"minlength", "maxlength"},
    }.get(
        widget, {"minlength", "maxlength", "pattern"} if widget in TEXTS | {"password"} else set()
    )
    found = {name: value for name, value in bounds.items() if name in known}
    if "pattern" in found and not (found["pattern"][:1] == "^" and found["pattern"][-1:] == "$"):
        found["pattern"] = f".*(?:{found['pattern']}).*"  # in HTML it is that of the whole text
    return found


def words(name: str) -> str:
    """Return a name in Python as people write it: `first_name` is "First name"."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
