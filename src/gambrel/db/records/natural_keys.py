"""Natural keys: what people call a row by, wherever its primary key is another one.

A model declares one, `__natural_key__ = ("team", "name")`, or has a single unique constraint, or a
primary key of texts that people have chosen. An entry is a column, or a relation to one row, which
is named by its own. Fixtures and dumps use it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import String, UniqueConstraint, inspect, select
from sqlalchemy.orm import Mapper, RelationshipProperty, Session

from gambrel.core.http.errors import GambrelError
from gambrel.db.queries.rows import check_names

__all__ = ["find_by_natural_key", "natural_key", "natural_key_of"]

M = TypeVar("M")


def natural_key(model: type[Any]) -> tuple[str, ...]:
    """Return the attributes of a model's natural key; none where it has none.

    Raises GambrelError for one that is declared and not unique, or of a name that is unknown.
    """
    mapper: Mapper[Any] = inspect(model)
    declared: tuple[str, ...] = tuple(getattr(model, "__natural_key__", ()))
    found = list(unique_columns(mapper))
    if declared:
        check_names(model, declared, "__natural_key__")
        columns = {column for name in declared for column in columns_of(mapper, name)}
        if not any(one <= columns for one in [*found, frozenset(mapper.primary_key)]):
            raise not_unique(model, declared)
        return declared
    sure = [one for one in found if not any(column.nullable for column in one)]
    if not sure and all(is_chosen(column) for column in mapper.primary_key):
        sure = [frozenset(mapper.primary_key)]
    if len(sure) != 1:
        return ()
    keys = [(prop.columns[0], prop.key) for prop in mapper.column_attrs]
    return tuple(key for column, key in keys if column in sure[0])


def natural_key_of(session: Session, row: Any) -> tuple[Any, ...]:
    """Return the natural key of a row: its values; for a relation, the natural key of that row.

    Raises GambrelError where the model has none.
    """
    mapper: Mapper[Any] = inspect(type(row))
    values: list[Any] = []
    for name in needed(type(row)):
        prop = mapper.attrs[name]
        if isinstance(prop, RelationshipProperty):
            other = related(session, row, prop)
            values.append(None if other is None else natural_key_of(session, other))
        else:
            values.append(getattr(row, name))
    return tuple(values)


def find_by_natural_key(session: Session, model: type[M], values: Sequence[Any]) -> M | None:
    """Return the row with a natural key, given as `natural_key_of` returns it, or None.

    Raises GambrelError where the model has none, or of another length.
    """
    names, mapper = needed(model), inspect(model)
    if len(values) != len(names):
        what = f"a natural key of {model.__name__} has {', '.join(names)}, and {values!r} is given"
        raise GambrelError("db.natural-key", what, "", "give a value for each, in this order")
    statement = select(model)
    for name, value in zip(names, values, strict=True):
        prop = mapper.attrs[name]
        if isinstance(prop, RelationshipProperty) and value is not None:
            value = find_by_natural_key(session, prop.entity.class_, value)
            if value is None:
                return None
        statement = statement.where(getattr(model, name) == value)
    return session.scalars(statement).one_or_none()


def needed(model: type[Any]) -> tuple[str, ...]:
    """Return the natural key of a model. Raises GambrelError where it has none."""
    names = natural_key(model)
    if not names:
        what = f"{model.__name__} has no natural key"
        raise GambrelError("db.natural-key", what, "", hint_for(inspect(model)))
    return names


def hint_for(mapper: Mapper[Any]) -> str:
    """Return what to write for a model that has no natural key, in its own names."""
    names = {prop.columns[0]: prop.key for prop in mapper.column_attrs}
    for columns in unique_columns(mapper):
        key = ", ".join(f'"{names[column]}"' for column in columns)
        null = [names[column] for column in columns if column.nullable]
        why = f": {', '.join(null)} may be null" if null else ": of several it is not known which"
        return f"`__natural_key__ = ({key},)`, if people call rows by that{why}"
    texts = [key for column, key in names.items() if isinstance(column.type, String)]
    name = texts[0] if texts else "name"
    return f'`__natural_key__ = ("{name}",)`, and `unique=True` at that column'


def is_chosen(column: Any) -> bool:
    """Whether people choose the values of a column: texts that nothing makes up."""
    made = column.default is not None or column.server_default is not None
    return isinstance(column.type, String) and not made


def related(session: Session, row: Any, prop: RelationshipProperty[Any]) -> Any:
    """Return the row that a relation leads to, loaded or not."""
    if prop.key not in inspect(row).unloaded:
        return getattr(row, prop.key)
    pairs = {remote: local for local, remote in prop.local_remote_pairs or ()}
    mapper = inspect(type(row))
    key = [
        getattr(row, mapper.get_property_by_column(pairs[one]).key)
        for one in prop.entity.primary_key
    ]
    return None if None in key else session.get(prop.entity.class_, tuple(key))


def unique_columns(mapper: Mapper[Any]) -> Iterator[frozenset[Any]]:
    """Yield the columns of each unique constraint and index of a model that holds for all rows."""
    table: Any = mapper.local_table
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield frozenset(constraint.columns)
    for index in table.indexes:
        is_partial = any(one.get("where") is not None for one in index.dialect_options.values())
        if index.unique and not is_partial and len(index.columns) == len(index.expressions):
            yield frozenset(index.columns)


def columns_of(mapper: Mapper[Any], name: str) -> list[Any]:
    """Return the columns of an attribute: those that lead to another row, of a relation."""
    prop = mapper.attrs[name]
    if isinstance(prop, RelationshipProperty):
        return list(prop.local_columns)
    return list(prop.columns)


def not_unique(model: type[Any], names: Sequence[str]) -> GambrelError:
    """Return the error of a natural key that two rows could have."""
    columns = [column.name for name in names for column in columns_of(inspect(model), name)]
    what = f"two rows of {model.__name__} could have the natural key {', '.join(names)}"
    quoted = ", ".join(f'"{one}"' for one in columns)
    return GambrelError(
        "db.natural-key", what, "", f"`__table_args__ = (UniqueConstraint({quoted}),)`"
    )
