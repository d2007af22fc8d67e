"""`HTMLForm`: a typed class as a form, with what a visitor has sent and what is wrong with it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gambrel.core.http.bodies.forms import FormData
from gambrel.core.http.errors import Fault, GambrelError
from gambrel.forms.fields import FieldSpec, choices_from
from gambrel.forms.formats import FORMATS, wrong_format
from gambrel.forms.moments import MOMENT, ZONE, shown_in
from gambrel.forms.rendering import (
    render_field,
    render_form,
    render_hidden,
    render_input,
    render_summary,
)
from gambrel.forms.texts import (
    ADD,
    REMOVE,
    Texts,
    as_input,
    begin,
    canonical,
    clean,
    count_rows,
    texts_of_form,
    texts_of_object,
)
from gambrel.markup import Markup
from gambrel.wording import Words, explain, zone_name, zone_named

__all__ = ["Definition", "FormField", "HTMLForm"]

T = TypeVar("T")
Choice = tuple[tuple[str, Words], ...]


class Definition(Struct, frozen=True, eq=False, dict=True):
    """What a class is as a form; `convert` makes an object, or raises an error with `faults`."""

    kind: Any
    fields: tuple[FieldSpec, ...]
    convert: Callable[[Mapping[str, Any]], Any]

    @cached_property
    def every(self) -> tuple[tuple[str, FieldSpec], ...]:
        """All fields with their names; those of rows by the name of the first."""
        return tuple(_every(self.fields, ""))

    @cached_property
    def has_files(self) -> bool:
        """Whether one of the fields is a file."""
        return any(spec.widget == "file" for _, spec in self.every)

    @cached_property
    def has_formats(self) -> bool:
        """Whether one of the fields is to be an e-mail address or a URL."""
        return any(spec.widget in FORMATS for _, spec in self.every)

    @cached_property
    def has_moments(self) -> bool:
        """Whether one of the fields is typed in the visitor's time zone."""
        return any(spec.local == MOMENT for _, spec in self.every)

    @cached_property
    def loads(self) -> tuple[Callable[..., Any], ...]:
        """What returns choices for a request."""
        return tuple(dict.fromkeys(spec.load for _, spec in self.every if spec.load))

    @cached_property
    def locked(self) -> tuple[str, ...]:
        """The names of the fields that cannot be filled in."""
        return tuple(name for name, spec in self.every if spec.is_locked)

    def is_locked(self, name: str) -> bool:
        """Whether a name is that of a locked field, or below one."""
        return any(name == one or name.startswith(f"{one}.") for one in self.locked)


class HTMLForm(Generic[T]):
    """A form of the class `T`: injected into handlers, given to templates.

    Where the method is safe it has not been sent, and shows what `fill` has put into it. Else it
    holds what the visitor has typed: `value` is the object made of that, or None where `faults`
    tell why there is none.
    """

    opened_last = 1
    """Whoever a dependency of the handler turns away is not told what is wrong with a form."""

    def __init__(self, definition: Definition, trap: str = "") -> None:
        self.definition = definition
        self.trap = trap
        self.token: Any = None
        """The token against other sites, where sessions ask for one."""
        self.value: T | None = None
        self.faults: list[Fault] = []
        self.is_sent = False
        self.is_checked = False
        self.is_step = False
        """Whether it is one of `Steps`, and was taken before its handler can say anything."""
        self.texts: Texts = begin(definition.fields)
        self.errors: dict[str, list[str]] = {}
        self.more: dict[str, int] = {}
        self.start: Any = None
        self.choices: dict[Any, Choice] = {}
        self._imposed: list[Fault] = []
        self._counts: tuple[Texts, Mapping[str, int]] | None = None

    # What was sent --------------------------------------------------------------------------

    def read(self, data: FormData) -> None:
        """Take what a visitor has sent. The buttons that add and remove rows make no value."""
        sent = texts_of_form(data)
        fields = self.definition.fields
        added, removed = sent.pop(ADD, None), sent.pop(REMOVE, None)
        if self.trap and any(sent.pop(self.trap, ())):
            self._imposed.append(Fault("form", "", "This looks like spam.", "spam"))
        self.is_sent = True
        self.value = None
        zone = sent.get(ZONE, [""])[0]
        if self.definition.has_moments and isinstance(zone, str) and zone_named(zone):
            self.texts[ZONE] = [zone]
        if added or removed:
            gone = "".join(map(str, removed or ())) + "."
            left = {name: texts for name, texts in sent.items() if not name.startswith(gone)}
            self._take(clean(fields, left, keeps=True))
            self.more = {str(name): 1 for name in added or ()}
            return
        self._take(clean(fields, sent))
        self.is_checked = True
        self.check()

    def _take(self, sent: Texts) -> None:
        zone = {ZONE: self.texts[ZONE]} if ZONE in self.texts else {}
        with shown_in(self.zone):
            self.texts = self._with_locked(sent, begin(self.definition.fields)) | zone

    def check(self) -> None:
        """Make the value of what was sent, or say what is wrong with that."""
        self.value, self.faults, self.errors = None, [], {}
        fields = self.definition.fields
        try:
            with shown_in(self.zone):
                given = as_input(fields, self.texts)
            value = self.definition.convert(given)
        except ValueError as error:
            value = None
            for fault in getattr(error, "faults", ()):
                self._note(fault)
        self._check_choices(fields, "")
        self._check_formats()
        for fault in self._imposed:
            self._note(fault)
        self.value = None if self.faults else value

    def fill(self, value: Any) -> None:
        """Begin with the values of an object with these fields, unless the form was sent.

        Fields that are locked have them in any case.
        """
        if self.is_step and self.definition.locked:
            hint = "give the locked field its default, or show it as text"
            raise self._too_late(f"the locked field {self.definition.locked[0]!r}", hint)
        self.start = value
        with shown_in(self.zone):
            given = texts_of_object(self.definition.fields, value)
        if not self.is_sent:
            self.texts = given
        elif self.definition.locked:
            self.texts = self._with_locked(self.texts, given)
            if self.is_checked:
                self.check()

    def _with_locked(self, sent: Texts, given: Texts) -> Texts:
        """Return what was sent, with what is given for the fields that are locked."""
        definition = self.definition
        if not definition.locked:
            return sent
        kept = {name: texts for name, texts in sent.items() if not definition.is_locked(name)}
        return kept | {n: texts for n, texts in given.items() if definition.is_locked(n)}

    def refuse(self, path: str, message: Words, code: str = "custom") -> None:
        """Add a fault of your own (`form.refuse("name", "is taken")`): there is no value then.

        An empty `path` is a fault of the form as a whole. Raises GambrelError for a field that is
        not there.
        """
        if path and self._nearest(path) not in self:
            raise self._no_field(path)
        fault = Fault("form", path, str(message), code)
        self._imposed.append(fault)
        self._note(fault)
        self.value = None

    @property
    def zone(self) -> str:
        """The name of the time zone that its moments are shown in, where it has any."""
        if not self.definition.has_moments:
            return ""
        return str(self.texts[ZONE][0]) if ZONE in self.texts else zone_name()

    @property
    def status(self) -> int:
        """The status to show the form with: 422 where there are faults, else 200.

        429 where it was sent too often.
        """
        if any(fault.code == "rate" for fault in self.faults):
            return 429
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
        name, message = self._nearest(fault.path), fault.message
        spec = self[name].spec if name in self else None
        if spec is not None and fault.code not in {"missing", "choice", "custom"}:
            # Of choices and files, what is sent is none of the visitor's business.
            is_choice = bool(spec.choices or spec.load)
            message = "is none of the choices" if is_choice else message
            is_no_file = spec.widget == "file" and fault.code == "format"
            message = "must be a file" if is_no_file else message
        self.faults.append(fault)
        self.errors.setdefault(name, []).append(explain(message))

    def _nearest(self, path: str) -> str:
        """Return the name of a field, also for one of several texts in it."""
        name = canonical(path)
        while name not in self and "." in name:
            name = name.rpartition(".")[0]
        return name

    def _too_late(self, subject: str, hint: str) -> GambrelError:
        what = f"{subject} is given by the handler of `Steps`, and what was sent is checked before"
        return GambrelError("forms.steps", what, self.definition.kind.__name__, hint)

    def _no_field(self, path: str) -> GambrelError:
        names = [name for name, _ in self.definition.every]
        near = get_close_matches(path, names, 1)
        what = f"the form of {self.definition.kind.__name__} has no field {path!r}"
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, names))}"
        hint = f"{hint} '' is the form as a whole" if near else f"{hint}; '' is the form as a whole"
        return GambrelError("forms.no-field", what, f"refuse({path!r}, ...)", hint)

    def _check_formats(self) -> None:
        """Check what browsers check, too: an e-mail address, a URL."""
        if not self.definition.has_formats:
            return
        for one in self._leaves(self.definition.fields, ""):
            wrong = None if one.name in self.errors else wrong_format(one.spec, one.texts)
            if wrong is not None:
                self._note(Fault("form", one.name, wrong, "format"))

    def _check_choices(self, fields: Sequence[FieldSpec], prefix: str) -> None:
        for one in self._leaves(fields, prefix):
            if one.name in self.errors:
                continue
            known = {text for text, _ in one.choices}
            is_closed = one.spec.is_closed or one.name in self.choices
            if is_closed and not known.issuperset(filter(None, one.texts)):
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

    def counted(self) -> Mapping[str, int]:
        """Return how many rows each repeated group has: counted once for what was sent."""
        if self._counts is None or self._counts[0] is not self.texts:
            self._counts = self.texts, count_rows(self.texts)
        return self._counts[1]

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
    def hidden(self) -> Markup:
        """What a form sends besides its fields; needed where these are shown one by one."""
        return render_hidden(self)

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

    @property
    def choices(self) -> Choice:
        """Texts and their names; may be set, where only the handler knows what can be chosen.

        Then the form is checked anew: what is none of them is a fault. Raises GambrelError for one
        of `Steps`.
        """
        known = self.form.choices
        return (
            known[self.name] if self.name in known else known.get(self.spec.load, self.spec.choices)
        )

    @choices.setter
    def choices(self, given: Any) -> None:
        if self.form.is_step:
            hint = "return them from a function: `field(choices=load)`"
            raise self.form._too_late(f"what {self.name!r} has to choose from", hint)  # noqa: SLF001
        self.form.choices[self.name] = choices_from(given)
        if self.form.is_checked:
            self.form.check()

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
        return [self._row(index) for index in range(self.form.counted().get(self.name, 0))]

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


def _every(fields: Iterable[FieldSpec], prefix: str) -> Iterator[tuple[str, FieldSpec]]:
    for spec in fields:
        name = prefix + spec.key
        yield name, spec
        yield from _every(spec.fields, f"{name}.0." if spec.widget == "rows" else f"{name}.")


def _row_of(spec: FieldSpec, number: str) -> FieldSpec:
    return replace(spec, widget="group", label=f"{spec.label} {int(number) + 1}", help="", blank=0)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
