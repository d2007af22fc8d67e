"""Rules of columns: the same type says what a model, a body and a form accept.

`Name = Annotated[str, Meta(min_length=1, max_length=80)]` is `Mapped[Name]` of a model and
`name: Name` of a struct. What a session writes keeps the rules, wherever it came from; a column of
text is as long as they say.
"""

import inspect as python
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin

from sqlalchemy import ClauseElement, String, Text, inspect
from sqlalchemy.orm import InstanceState, Session, TypeResolve

from gambrel.conversion.shape import ABSENT, Rule, Shape, read_shape
from gambrel.core.http.errors import Fault, GambrelError

__all__ = ["BrokenRules", "check_rules", "hold_rules", "length_of", "rules_of"]

_SHORT = 1000
"""Characters up to which a column of MariaDB is one of limited length: a row has room for few."""


class BrokenRules(GambrelError):
    """A row that does not keep the rules of its columns; `faults` are what is wrong with it."""

    def __init__(self, told: GambrelError, row: Any, faults: Sequence[Fault]) -> None:
        super().__init__(told.code, told.what, told.where, told.hint)
        self.row = row
        self.faults = list(faults)


def against_rules(row: Any, faults: Sequence[Fault]) -> BrokenRules:
    """Return the error of a row with such faults."""
    name = type(row).__name__
    what = "; ".join(f"{name}.{fault.path} {fault.message}" for fault in faults)
    hint = "check what comes in by the same types: the field of a struct, of a form"
    return BrokenRules(GambrelError("db.rules", what, "", hint), row, faults)


def hold_rules(session: Session, _context: Any = None, _objects: Any = None) -> None:
    """Raise BrokenRules for a new value that is against the rules; hears of flushes."""
    for row in [*session.new, *session.dirty]:
        check_rules(row)


def check_rules(row: Any) -> None:
    """Raise BrokenRules for a row with a new value that is against the rules."""
    kind: Any = type(row)
    rules = rules_of(kind)
    if rules:
        faults = list(broken(row, rules))
        if faults:
            raise against_rules(row, faults)


def broken(row: Any, rules: Mapping[str, tuple[Rule, ...]]) -> Iterator[Fault]:
    """Yield what is wrong with the values that are to be written."""
    state: InstanceState[Any] = inspect(row)
    for name, needed in rules.items():
        is_written = name in state.committed_state or not state.persistent
        value = state.dict.get(name)
        if value is None or not is_written or isinstance(value, ClauseElement):
            continue
        for rule in needed:
            if not keeps(rule, value):
                yield Fault("body", name, rule.message, rule.code)


def keeps(rule: Rule, value: Any) -> bool:
    """Whether a value keeps a rule; one of another type does not."""
    try:
        return rule.accepts(value)
    except TypeError:
        return False


@lru_cache(maxsize=1024)
def rules_of(model: type[Any]) -> Mapping[str, tuple[Rule, ...]]:
    """Return the rules of the columns of a model, by attribute."""
    found: dict[str, tuple[Rule, ...]] = {}
    for prop in inspect(model).column_attrs:
        annotation = annotation_of(model, prop.key)
        if is_annotated(annotation):
            shape = read_shape(annotation)
            members = [item for item in shape.items if item.kind not in ABSENT]
            inner = members[0] if shape.kind == "union" and len(members) == 1 else shape
            rules = [*constraints(shape), *(constraints(inner) if inner is not shape else ())]
            if rules:
                found[prop.key] = tuple(rules)
    return found


def constraints(shape: Shape) -> tuple[Rule, ...]:
    """Return the rules of a type; none for one that nothing narrows."""
    return shape.rules(native=True) if shape.is_constrained else ()


def annotation_of(model: type[Any], name: str) -> Any:
    """Return what is inside of `Mapped[...]`, as it is written; None where nothing is."""
    for cls in model.__mro__:
        annotation = own_annotations(cls).get(name)
        if isinstance(annotation, str):
            module = vars(sys.modules.get(cls.__module__, typing))
            annotation = eval(annotation, dict(module), dict(vars(cls)))  # noqa: S307 - of the program
        if annotation is not None:
            return next(iter(get_args(annotation)), None)
    return None


def own_annotations(cls: type[Any]) -> Mapping[str, Any]:
    """Return the annotations of a class itself."""
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - start-up: it is new in 3.14

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return python.get_annotations(cls)


def is_annotated(annotation: Any) -> bool:
    """Whether a type has something said of it, also where it may be None."""
    if get_origin(annotation) is Annotated:
        return True
    return any(get_origin(one) is Annotated for one in get_args(annotation))


def length_of(resolve: TypeResolve) -> Any:
    """Return a type of limited length for text that may not be longer; hears of annotations."""
    if resolve.resolved_type is not str or resolve.raw_pep_593_type is None:
        return None
    most = read_shape(resolve.raw_pep_593_type).bounds.get("max_length")
    if most is None:
        return None
    limited = String(most)
    return limited if most <= _SHORT else limited.with_variant(Text(), "mysql", "mariadb")
