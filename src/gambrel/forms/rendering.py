"""Forms as HTML that everybody can use: labels, descriptions and errors tied to their inputs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from gambrel.core.http.errors import Fault
from gambrel.forms.fields import FieldSpec
from gambrel.forms.moments import ZONE
from gambrel.forms.texts import ADD, REMOVE
from gambrel.markup import Markup, element, join
from gambrel.wording import Words, say

__all__ = ["render_field", "render_form", "render_input", "render_summary"]

_CHOSEN = frozenset({"radio", "checkboxes"})


class ShownForm(Protocol):
    """What is shown of a form."""

    trap: str
    token: Any
    faults: list[Fault]
    errors: dict[str, list[str]]

    @property
    def zone(self) -> str:
        """The name of the time zone that its moments are shown in."""
        ...

    @property
    def summary(self) -> Markup:
        """What is wrong."""
        ...

    def __iter__(self) -> "Iterator[ShownField]": ...


class ShownField(Protocol):
    """What is shown of a field."""

    form: Any
    spec: FieldSpec
    name: str

    @property
    def choices(self) -> tuple[tuple[str, Words], ...]:
        """Texts that may be chosen, and their names."""
        ...

    @property
    def id(self) -> str:
        """The id of its input."""
        ...

    @property
    def label(self) -> str:
        """What it is called."""
        ...

    @property
    def texts(self) -> list[Any]:
        """What its input shows."""
        ...

    @property
    def error(self) -> str:
        """What is wrong with it."""
        ...

    @property
    def fields(self) -> "Sequence[ShownField]":
        """The fields of a group, or of a row."""
        ...

    @property
    def rows(self) -> "Sequence[ShownField]":
        """The rows of a repeated group."""
        ...


def render_form(form: ShownForm) -> Markup:
    """Return what is wrong, what is sent besides, and every field."""
    return join([form.summary, render_hidden(form), *form])


def render_hidden(form: ShownForm) -> Markup:
    """Return what is sent besides the fields: a token, a zone, and what only programs fill in.

    In front of buttons that add and remove rows is one that sends the form: the first of its
    buttons is what the Enter key presses.
    """
    has_rows = any(one.spec.widget == "rows" for one in every_field(form))
    first = element("button", hidden=True, tabindex="-1") if has_rows else None
    token = form.token.field if form.token else None
    zone = element("input", type="hidden", name=ZONE, value=form.zone) if form.zone else None
    return join([first, token, zone, render_trap(form.trap) if form.trap else None])


def render_trap(name: str) -> Markup:
    """Return a field that people do not find, by sight, by keyboard or by ear."""
    box = element("input", name=name, id=f"field-{name}", tabindex="-1", autocomplete="off")
    label = element("label", say("Leave this empty"), for_=f"field-{name}")
    return element("div", label, box, hidden=True, class_="form-trap")


def render_summary(form: ShownForm) -> Markup:
    """Return a list of what is wrong, each a link to its field; nothing where nothing is."""
    if not form.faults:
        return Markup()
    known = {one.name: one for one in every_field(form)}
    items = []
    for name, messages in form.errors.items():
        one = known.get(name)
        for message in messages:
            text = message
            if one:
                text = say("%(field)s %(fault)s", field=one.label, fault=message)
            items.append(element("li", element("a", text, href=f"#{target(one)}") if one else text))
    title = element("h2", say("This could not be saved"), id="form-summary-title")
    body = element("ul", *items)
    return element(
        "div",
        title,
        body,
        class_="form-summary",
        role="alert",
        aria_labelledby="form-summary-title",
    )


def every_field(fields: Iterable[ShownField]) -> Iterator[ShownField]:
    """Yield all fields, those of groups and rows included."""
    for one in fields:
        yield one
        yield from every_field(one.rows if one.spec.widget == "rows" else one.fields)


def target(one: ShownField) -> str:
    """Return the id of what takes the focus: of several inputs, the first."""
    return f"{one.id}-0" if one.spec.widget in _CHOSEN else one.id


def render_field(one: ShownField) -> Markup:
    """Return a field: label, help, error and input, or a group of fields."""
    widget = one.spec.widget
    if widget == "hidden":
        return render_input(one, {})
    if widget in {"group", "rows"}:
        return render_group(one)
    if widget in _CHOSEN:
        legend = element("legend", one.label, optional(one))
        return element(
            "fieldset",
            legend,
            *notes(one),
            render_input(one, {}),
            class_=kind(one),
            **described(one),
        )
    label = element("label", one.label, optional(one), for_=one.id)
    shown = (
        [render_input(one, {}), label] if widget == "checkbox" else [label, render_input(one, {})]
    )
    around = [shown[0], *notes(one), shown[1]] if widget != "checkbox" else [*shown, *notes(one)]
    return element("div", *around, class_=kind(one))


def kind(one: ShownField) -> str:
    """Return the classes of a field's element."""
    return f"form-field form-{one.spec.widget}{' has-error' if one.error else ''}"


def optional(one: ShownField) -> Markup | None:
    """Return the mark of a field that may be left empty."""
    mark = f" {say('(optional)')}"
    return element("span", mark, class_="form-optional") if one.spec.is_optional else None


def notes(one: ShownField) -> list[Markup]:
    """Return the help and the error of a field, where there are any."""
    found = []
    if one.spec.help:
        found.append(element("p", one.spec.help, class_="form-help", id=f"{one.id}-help"))
    if one.error:
        text = one.error[:1].upper() + one.error[1:]
        found.append(element("p", text, class_="form-error", id=f"{one.id}-error"))
    return found


def described(one: ShownField) -> dict[str, Any]:
    """Return the attributes that tie help and error to an input."""
    names = [part for part, told in (("help", one.spec.help), ("error", one.error)) if told]
    found: dict[str, Any] = (
        {"aria_describedby": " ".join(f"{one.id}-{name}" for name in names)} if names else {}
    )
    return found | ({"aria_invalid": "true"} if one.error else {})


def render_group(one: ShownField) -> Markup:
    """Return the fields of a group, or the rows of a repeated one, with the buttons for them."""
    inner: list[Any] = list(one.fields)
    if one.spec.widget == "rows":
        inner = [render_row(row, number) for number, row in enumerate(one.rows)]
        inner.append(button(ADD, one.name, say("Add another")))
    legend = element("legend", one.label, optional(one))
    more: dict[str, Any] = {"disabled": True} if one.spec.is_locked else {}
    return element(
        "fieldset", legend, *notes(one), *inner, id=one.id, class_=kind(one), tabindex="-1", **more
    )


def render_row(row: ShownField, number: int) -> Markup:
    """Return one row."""
    name = say("Remove %(row)s", row=row.label)
    remove = button(REMOVE, row.name, say("Remove"), aria_label=name)
    legend = element("legend", row.label)
    return element("fieldset", legend, *row.fields, remove, class_="form-row", id=row.id)


def button(name: str, value: str, text: str, **attributes: Any) -> Markup:
    """Return a button that changes the form and sends it, whatever is missing in it."""
    return element(
        "button", text, type="submit", name=name, value=value, formnovalidate=True, **attributes
    )


def render_input(one: ShownField, more: Mapping[str, Any]) -> Markup:
    """Return the input of a field alone."""
    spec, texts = one.spec, one.texts
    tied: dict[str, Any] = {**described(one), **spec.attributes, **more}
    takes_many = spec.is_many or spec.widget in {"checkboxes", "lines"}
    tied |= {} if takes_many else {"required": spec.required and not spec.is_lenient}
    tied |= {"autofocus": True} if next(iter(one.form.errors), None) == one.name else {}
    if spec.widget in _CHOSEN:
        return render_choices(one, tied)
    tied = {"id": one.id, "name": one.name, **tied}
    text = texts[0] if texts and isinstance(texts[0], str) else None
    if spec.widget == "select":
        return element("select", *options(one), **tied)
    if spec.widget in {"textarea", "lines"}:
        return element("textarea", f"\n{text or ''}", **{"rows": 5, **tied})
    if spec.widget == "checkbox":
        is_on = bool(texts) and texts[-1] not in {"", "false", "off", "0", "no"}
        return element(
            "input", type="checkbox", value="on", checked=is_on, **{**tied, "required": None}
        )
    if spec.widget in {"file", "password"}:
        text = None  # never sent back
    if spec.widget == "hidden":
        tied["required"] = None
    return element("input", type=spec.widget, value=text, **tied)


def options(one: ShownField) -> list[Markup]:
    """Return the options of a select; where none of them is chosen, it begins with an empty one."""
    chosen, choices = set(one.texts), one.choices
    may_be_none = one.spec.is_optional or not any(text and text in chosen for text, _ in choices)
    if may_be_none and not any(text == "" for text, _ in choices):
        choices = (("", ""), *choices)
    return [element("option", n, value=text, selected=text in chosen) for text, n in choices]


def render_choices(one: ShownField, tied: Mapping[str, Any]) -> Markup:
    """Return a radio button or a checkbox for each choice."""
    chosen = set(one.texts)
    kind = "radio" if one.spec.widget == "radio" else "checkbox"
    parts = []
    for number, (text, name) in enumerate(one.choices):
        own = {
            **tied,
            "id": f"{one.id}-{number}",
            "autofocus": tied.get("autofocus") and not number,
        }
        own.pop("aria_describedby", None)
        box = element("input", type=kind, name=one.name, value=text, checked=text in chosen, **own)
        parts.append(
            element("div", box, element("label", name, for_=own["id"]), class_="form-choice")
        )
    return join(parts)
