"""`HTMLForm`: a typed class as a form, with what a visitor has sent and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gambrel.core.http.bodies.forms import FormData
from gambrel.core.http.errors import Fault
from gambrel.forms.fields import FieldSpec
from gambrel.forms.rendering import render_field, render_form, render_input, render_summary
from gambrel.forms.texts import (
    ADD,
    REMOVE,
    Texts,
    as_input,
    canonical,
    clean,
    rows_of,
    texts_of_form,
    texts_of_object,
)
from gambrel.markup import Markup
from gambrel.wording import Words, explain, write_local

__all__ = ["Definition", "FormField", "HTMLForm"]

T = TypeVar("T")


class Definition(Struct, frozen=True, eq=False):
    """What a class is as a form; `convert` makes an object, or raises an error with `faults`."""

    kind: Any
    fields: tuple[FieldSpec, ...]
    convert: Callable[[Mapping[str, Any]], Any]
    has_files: bool


class HTMLForm(Generic[T]):
    """A form of the class `T`: injected into handlers, given to templates.

    Where the method is safe it has not been sent, and shows what `fill` has put into it. Else it
    holds what the visitor has typed: `value` is the object made of that, or None where `faults`
    tell why there is none.
    """

    def __init__(self, definition: Definition, trap: str = "") -> None:
        self.definition = definition
        self.trap = trap
        self.value: T | None = None
        self.faults: list[Fault] = []
        self.is_sent = False
        self.texts: Texts = begin(definition.fields)
        self.errors: dict[str, list[str]] = {}
        self.more: dict[str, int] = {}
        self.start: T | None = None

    # What was sent --------------------------------------------------------------------------

    def read(self, data: FormData) -> None:
        """Take what a visitor has sent. The buttons that add and remove rows make no value."""
        sent = texts_of_form(data)
        fields = self.definition.fields
        added, removed = sent.pop(ADD, None), sent.pop(REMOVE, None)
        is_trapped = bool(self.trap) and any(sent.pop(self.trap, ()))
        self.is_sent = True
        self.value = None
        if added or removed:
            gone = "".join(map(str, removed or ())) + "."
            left = {name: texts for name, texts in sent.items() if not name.startswith(gone)}
            self.texts = clean(fields, left, keeps=True)
            self.more = {str(name): 1 for name in added or ()}
            return
        self.texts = clean(fields, sent)
        try:
            value = self.definition.convert(as_input(fields, self.texts))
        except ValueError as error:
            for fault in getattr(error, "faults", ()):
                self._note(fault)
            return
        self._check_choices(fields, "")
        if is_trapped:
            self._note(Fault("form", "", "This looks like spam.", "spam"))
        self.value = None if self.faults else value

    def fill(self, value: T) -> None:
        """Begin with the values of an object, unless the form was sent."""
        self.start = value
        if not self.is_sent:
            self.texts = texts_of_object(self.definition.fields, value)

    def refuse(self, path: str, message: Words, code: str = "custom") -> None:
        """Add a fault of your own (`form.refuse("name", "is taken")`): there is no value then.

        An empty `path` is a fault of the form as a whole.
        """
        self._note(Fault("form", path, str(message), code))
        self.value = None

    @property
    def status(self) -> int:
        """The status to show the form with: 422 where there are faults, else 200."""
        return 422 if self.faults else 200

    @property
    def changed(self) -> frozenset[str]:
        """The names of the fields whose value differs from what the form began with."""
        fields = self.definition.fields
        if self.value is None or self.start is None:
            return frozenset()
        pairs = [(f.name, _get(self.value, f.name), _get(self.start, f.name)) for f in fields]
        return frozenset(name for name, now, before in pairs if now != before)

    def _note(self, fault: Fault) -> None:
        name, message = canonical(fault.path), fault.message
        spec = self[name].spec if name in self else None
        if spec is not None and fault.code not in {"missing", "choice", "custom"}:
            # Of choices and files, what is sent is none of the visitor's business.
            message = "is none of the choices" if spec.choices else message
            message = "must be a file" if spec.widget == "file" else message
        self.faults.append(fault)
        self.errors.setdefault(name, []).append(explain(message))

    def _check_choices(self, fields: Sequence[FieldSpec], prefix: str) -> None:
        for one in self._leaves(fields, prefix):
            known = {text for text, _ in one.spec.choices}
            if one.spec.is_closed and not known.issuperset(filter(None, one.texts)):
                self._note(Fault("form", one.name, "is none of the choices", "choice"))

    def _leaves(self, fields: Sequence[FieldSpec], prefix: str) -> Iterator["FormField"]:
        for spec in fields:
            one = FormField(self, spec, prefix + spec.key)
            if spec.widget == "rows":
                for row in one.sent_rows:
                    yield from self._leaves(spec.fields, f"{row.name}.")
            elif spec.widget == "group":
                yield from self._leaves(spec.fields, f"{one.name}.")
            else:
                yield one

    # How it is shown --------------------------------------------------------------------------

    def __iter__(self) -> Iterator["FormField"]:
        return (FormField(self, spec, spec.key) for spec in self.definition.fields)

    def __getitem__(self, name: str) -> "FormField":
        """Return a field by the name on the wire: `email`, `address.city`, `items.0.sku`."""
        keys, fields, spec = canonical(name).split("."), self.definition.fields, None
        for key in keys:
            if spec is not None and spec.widget == "rows" and key.isdecimal():
                spec = _row_of(spec, key)
                continue
            spec = next((each for each in fields if each.key == key), None)
            if spec is None:
                raise KeyError(name)
            fields = spec.fields
        assert spec is not None  # there is at least one key
        return FormField(self, spec, ".".join(keys))

    def __contains__(self, name: str) -> bool:
        try:
            self[name]
        except KeyError:
            return False
        return True

    @property
    def attributes(self) -> Markup:
        """The attributes of the `<form>` itself: its method, and an encoding where it has files."""
        encoding = ' enctype="multipart/form-data"' if self.definition.has_files else ""
        return Markup(f'method="post"{encoding}')

    @property
    def summary(self) -> Markup:
        """What is wrong, with links to the fields; empty where nothing is."""
        return render_summary(self)

    def __html__(self) -> str:
        """Return the summary and all fields, without the `<form>` around them and its button."""
        return render_form(self)

    def __repr__(self) -> str:
        state = "not sent" if not self.is_sent else f"{len(self.faults)} faults"
        return f"<HTMLForm of {self.definition.kind.__name__}, {state}>"


class FormField:
    """One field of a form as it is now."""

    def __init__(self, form: HTMLForm[Any], spec: FieldSpec, name: str) -> None:
        self.form = form
        self.spec = spec
        self.name = name
        self.choices = spec.choices
        """May be set, where what can be chosen is known to the handler alone."""

    @property
    def id(self) -> str:
        """The id of its input."""
        return f"field-{self.name.replace('.', '-')}"

    @property
    def label(self) -> str:
        """What it is called."""
        return str(self.spec.label)

    @property
    def texts(self) -> list[Any]:
        """What its input shows."""
        return self.form.texts.get(self.name, [])

    @property
    def error(self) -> str:
        """What is wrong with it, or an empty text."""
        return "; ".join(self.form.errors.get(self.name, ()))

    @property
    def fields(self) -> list["FormField"]:
        """The fields of a group, or of a row."""
        return [FormField(self.form, spec, f"{self.name}.{spec.key}") for spec in self.spec.fields]

    @property
    def sent_rows(self) -> list["FormField"]:
        """The rows of a repeated group that have something in them."""
        count = len(rows_of(self.form.texts, self.name, keeps=True))
        return [self._row(index) for index in range(count)]

    @property
    def rows(self) -> list["FormField"]:
        """The rows of a repeated group: those sent, and empty ones at the end."""
        rows = self.sent_rows
        wanted = self.form.more.get(self.name, 0 if self.form.is_sent and rows else self.spec.blank)
        return rows + [self._row(len(rows) + index) for index in range(wanted)]

    def _row(self, index: int) -> "FormField":
        return FormField(self.form, _row_of(self.spec, str(index)), f"{self.name}.{index}")

    def input(self, **attributes: Any) -> Markup:
        """Return the input alone, with further attributes."""
        return render_input(self, attributes)

    def __html__(self) -> str:
        """Return label, input, help and error."""
        return render_field(self)

    def __repr__(self) -> str:
        return f"<FormField {self.name}>"


def begin(fields: Iterable[FieldSpec], prefix: str = "") -> Texts:
    """Return what a form shows at first: the defaults of its class."""
    found: Texts = {}
    for spec in fields:
        if spec.widget == "group":
            found |= begin(spec.fields, f"{prefix}{spec.key}.")
        elif spec.start:
            start = (write_local(spec.local, t) if spec.local else t for t in spec.start)
            found[prefix + spec.key] = list(start)
    return found


def _row_of(spec: FieldSpec, number: str) -> FieldSpec:
    return replace(spec, widget="group", label=f"{spec.label} {int(number) + 1}", help="", blank=0)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
