"""A statement as one kind of database has it: its text, and how its values are bound.

`statements.py` makes one for each dialect when a statement first runs there. Runs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler

from gambrel.core.http.errors import GambrelError

__all__ = ["Text"]

KEPT = 64
"""Texts that are remembered of a statement with lists: one for each of their lengths."""
Process = Callable[[Any], Any] | None
# Of what is bound: whose value, of a list which one, its name in the text, and what it is sent by.
Place = tuple[str, int | None, str, Process]


class Text:
    """The text of a statement for a dialect. `names` are its parameters.

    Raises GambrelError where it has others: an insert that does not say which values it takes.
    """

    def __init__(self, statement: Any, dialect: Dialect, names: Mapping[str, Any]) -> None:
        made: SQLCompiler = statement.compile(dialect=dialect)
        self.compiled, self.dialect, self.sql = made, dialect, made.string
        self.make: Callable[[Any], list[Any]] | None = None
        """What makes structs of rows; known when the first come."""
        self.defaults = defaults_of(made)
        self.is_positional = made.positional
        order = (made.positiontup or ()) if made.positional else made.bind_names.values()
        self.constants = {name: made.binds[name] for name in order if name not in names}
        self.refuse_unnamed()
        self.lists = [made.bind_names[bind] for bind in made.post_compile_params]
        self.is_expanding = bool(self.lists or made.literal_execute_params)
        self.is_kept = not made.literal_execute_params and not any(
            bind.type._is_tuple_type  # noqa: SLF001 - SQLAlchemy 2.1's
            for bind in made.post_compile_params
        )
        escaped: Mapping[str, str] = made.escaped_bind_names or {}
        self.places: list[Place] = []
        if not self.is_expanding:
            self.places = [(n, None, escaped.get(n, n), self.process(n)) for n in order]
        self.expanded: dict[tuple[int, ...], tuple[str, list[Place]]] = {}
        self.is_plain = not self.constants and not self.is_expanding
        self.is_as_given = (
            self.is_plain
            and not self.is_positional
            and all(name == sent and step is None for name, _, sent, step in self.places)
        )

    def refuse_unnamed(self) -> None:
        """Raise GambrelError for a value that nobody would give."""
        for name, bind in self.constants.items():
            if bind.required and name not in self.defaults:
                what = f"the statement takes {name!r} without saying so"
                hint = f'`.values({name}=bindparam("{name}"))`'
                raise GambrelError("db.compiled", what, "", hint)

    def process(self, name: str) -> Process:
        """Return what a value is made by before it is sent."""
        kind = self.compiled.binds[name].type
        found: Process = kind.dialect_impl(self.dialect).bind_processor(self.dialect)
        return found

    def bound(self, given: Mapping[str, Any]) -> tuple[str, Any]:
        """Return the text and what is bound to it."""
        if self.is_as_given:
            return self.sql, given
        if self.is_plain:
            return self.sql, self.filled(self.places, given)
        values = dict(given)
        for name, bind in self.constants.items():
            make = self.defaults.get(name)
            values[name] = bind.effective_value if make is None else make(values)
        if self.is_expanding:
            return self.expand(values)
        return self.sql, self.filled(self.places, values)

    def filled(self, places: Iterable[Place], values: Mapping[str, Any]) -> Any:
        """Return what is bound, as the driver takes it: by place, or by name."""
        found = []
        for name, index, _, process in places:
            value = values[name] if index is None else values[name][index]
            found.append(value if process is None else process(value))
        if self.is_positional:
            return tuple(found)
        return dict(zip([place[2] for place in places], found, strict=True))

    def expand(self, values: dict[str, Any]) -> tuple[str, Any]:
        """Return the text for lists of just these lengths, and what is bound to it."""
        for name in self.lists:
            values[name] = list(values[name])
        if not self.is_kept:
            return self.expand_now(values)
        lengths = tuple([len(values[name]) for name in self.lists])
        found = self.expanded.get(lengths)
        if found is None:
            if len(self.expanded) >= KEPT:
                self.expanded.pop(next(iter(self.expanded)))
            found = self.expanded[lengths] = self.expansion(values)
        return found[0], self.filled(found[1], values)

    def expansion(self, values: dict[str, Any]) -> tuple[str, list[Place]]:
        """Return a text for lists of these lengths, and whose values go where."""
        state = self.compiled.construct_expanded_state(values)
        origins = {
            name: (origin, index)
            for origin, names in state.parameter_expansion.items()
            for index, name in enumerate(names)
        }
        escaped: Mapping[str, str] = self.compiled.escaped_bind_names or {}
        names = self.compiled.bind_names.values()
        own = {escaped.get(name, name): (name, self.process(name)) for name in names}
        places: list[Place] = []
        for name in (state.positiontup if self.is_positional else state.parameters) or ():
            if name in origins:
                places.append((*origins[name], name, state.processors.get(name)))
            elif escaped.get(name, name) in own:
                origin, process = own[escaped.get(name, name)]
                places.append((origin, None, escaped.get(name, name), process))
        return state.statement, places

    def expand_now(self, values: dict[str, Any]) -> tuple[str, Any]:
        """The same for lists of tuples, whose texts are not kept."""
        state = self.compiled.construct_expanded_state(values)
        steps, found = state.processors, state.parameters
        names = (state.positiontup if self.is_positional else found) or ()
        made = [steps[name](found[name]) if name in steps else found[name] for name in names]
        if self.is_positional:
            return state.statement, tuple(made)
        return state.statement, dict(zip(names, made, strict=True))


class Context:
    """What defaults of columns see of the row that they are for."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.current_parameters = values

    def get_current_parameters(self, **_options: Any) -> dict[str, Any]:
        """Return the values of the row, those that were made before too."""
        return self.current_parameters


def defaults_of(made: SQLCompiler) -> dict[str, Callable[[dict[str, Any]], Any]]:
    """Return what makes the values that nobody gives: defaults of columns, in Python."""
    given = {column.key: column.default for column in made.insert_prefetch or ()}
    changed = {column.key: column.onupdate for column in made.update_prefetch or ()}
    return {name: value_of(default) for name, default in {**given, **changed}.items()}


def value_of(default: Any) -> Callable[[dict[str, Any]], Any]:
    """Return what makes the value of a default, of the other values."""
    if default.is_callable:
        return lambda values: default.arg(Context(values))
    return lambda _values: default.arg
