"""Seeds: rows that every copy of an app begins with, once, as often as they are planted.

Rows are found by their natural keys: `ensure(db, Team, name="Avengers")` makes the team, or changes
what is given. A file of JSON has rows by the names of models, one of Python a function `seed(db)`.
"""

import importlib.util
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import MetaData, inspect
from sqlalchemy.orm import Mapper, RelationshipProperty, Session, configure_mappers

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import JSONOf
from gambrel.db.models import Model, mapped
from gambrel.db.records.natural_keys import find_by_natural_key, needed

__all__ = ["ensure", "plant", "seeds_in"]

M = TypeVar("M")


def ensure(session: Session, model: type[M], **values: Any) -> M:
    """Return the row with the natural key that is among the values, made or changed to have them.

    The other row of a relation is given as itself, or by its natural key. Raises GambrelError for a
    name that the model has not, and where the natural key is not given.
    """
    mapper: Mapper[Any] = inspect(model)
    given = {name: value_of(session, mapper, name, value) for name, value in values.items()}
    key = needed(model)
    if missing := [name for name in key if name not in given]:
        what = f"a {model.__name__} is to be there, and {', '.join(missing)} is not given"
        raise GambrelError("db.seed", what, "", f"its natural key is {', '.join(key)}")
    session.flush()  # so that rows of before are found
    row = find_by_natural_key(session, model, [names_of(session, given[name]) for name in key])
    if row is None:
        row = model(**given)
        session.add(row)
    else:
        for name, value in given.items():
            setattr(row, name, value)
    return row


def names_of(session: Session, value: Any) -> Any:
    """Return what a row is named by, if it is one."""
    if not isinstance(value, Model):
        return value
    session.flush()
    return [names_of(session, getattr(value, name)) for name in needed(type(value))]


def value_of(session: Session, mapper: Mapper[Any], name: str, value: Any) -> Any:
    """Return a value as the model has it. Raises GambrelError for what is none."""
    if name not in mapper.attrs:
        what = f"{mapper.class_.__name__} has no {name!r}"
        raise GambrelError("db.seed", what, "", f"it has {', '.join(mapper.attrs.keys())}")
    prop = mapper.attrs[name]
    if isinstance(prop, RelationshipProperty):
        target = prop.entity.class_
        if prop.uselist:
            return [related(session, target, one) for one in value]
        return None if value is None else related(session, target, value)
    return typed(mapper, name, value)


def related(session: Session, model: type[Any], value: Any) -> Any:
    """Return the row that is meant. Raises GambrelError where there is none."""
    if isinstance(value, model):
        return value
    key = value if isinstance(value, list | tuple) else [value]
    session.flush()
    found = find_by_natural_key(session, model, key)
    if found is None:
        what = f"there is no {model.__name__} called {', '.join(map(str, key))}"
        raise GambrelError("db.seed", what, "", "plant it before: files go by their names")
    return found


def typed(mapper: Mapper[Any], name: str, value: Any) -> Any:
    """Return a value of JSON as that of its column. Raises GambrelError for what is none."""
    (column,) = mapper.attrs[name].columns
    if isinstance(column.type, JSONOf):
        kind, is_right = column.type.kind, not isinstance(value, dict | list)
    else:
        try:
            kind = column.type.python_type
        except NotImplementedError:
            return value
        is_right = isinstance(value, kind) or kind in {dict, list}
    if value is None or is_right:
        return value
    try:
        return msgspec.convert(value, kind, strict=False, str_keys=True)
    except msgspec.ValidationError as error:
        what = f"{mapper.class_.__name__}.{name} cannot be {value!r}: {error}"
        wanted = getattr(kind, "__name__", kind)
        raise GambrelError("db.seed", what, "", f"a {wanted} is wanted") from error


def seeds_in(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Return the files of a folder, by their names; or those that are named, in that order.

    Raises GambrelError for one that is not there.
    """
    found = {
        one.stem: one
        for one in sorted(folder.glob("*"))
        if one.suffix in {".json", ".py"} and not one.name.startswith(("_", "test_"))
    }
    chosen = [*names] or [*found]
    for name in chosen:
        if name not in found:
            what = f"there is no seed {name!r}"
            raise GambrelError("db.seed", what, str(folder), f"there are {', '.join(found)}")
    if not chosen:
        hint = "write seeds/teams.json, or name a folder: --folder"
        raise GambrelError("db.seed", "there are no seeds", str(folder), hint)
    return [found[name] for name in chosen]


def plant(session: Session, metadata: MetaData, file: Path) -> None:
    """See that all rows of a file are there. Raises GambrelError for what cannot be."""
    try:
        if file.suffix == ".py":
            run(session, file)
        else:
            plant_json(session, models_of(metadata), file)
        session.flush()
    except GambrelError as error:
        error.where = error.where or str(file)
        raise


def plant_json(session: Session, models: Mapping[str, type[Any]], file: Path) -> None:
    """Plant what a file of JSON has: rows by the name of their model. Raises GambrelError."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, list[dict[str, Any]]])
    except msgspec.DecodeError as error:
        hint = '{"Team": [{"name": "Avengers"}]}'
        raise GambrelError("db.seed", f"this is no seed: {error}", str(file), hint) from error
    for name, rows in found.items():
        if name not in models:
            what = f"there is no model {name!r}"
            raise GambrelError("db.seed", what, str(file), f"there are {', '.join(models)}")
        for values in rows:
            ensure(session, models[name], **values)


def run(session: Session, file: Path) -> None:
    """Call the function `seed` of a file of Python. Raises GambrelError where it has none."""
    name = f"gambrel_seed_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # noqa: PT018 - a .py file has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        if not hasattr(module, "seed"):
            hint = "def seed(db: SyncSession) -> None: ..."
            raise GambrelError("db.seed", "the file has no function `seed`", str(file), hint)
        module.seed(session)
    finally:
        del sys.modules[name]


def models_of(metadata: MetaData) -> dict[str, type[Any]]:
    """Return the models whose tables are among those of a database, by their names."""
    configure_mappers()
    found: dict[str, type[Any]] = {}
    for model in mapped(Model):
        table = vars(model).get("__table__")
        if table is not None and metadata.tables.get(table.key) is table:
            found[model.__name__] = model
    return dict(sorted(found.items()))
