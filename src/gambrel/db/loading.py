"""What is loaded when nobody has asked for it: refused, with what to type instead.

An async session could not load it, and a plain one would, once for each row of a list.
"""

from typing import Any

from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.util.concurrency import in_greenlet

from gambrel.core.http.errors import GambrelError

__all__ = ["not_loaded", "refuse_lazy_load"]


def refuse_lazy_load(state: ORMExecuteState) -> None:
    """Raise GambrelError where looking at a row would load more of it; hears of ORM statements."""
    if not state.is_select:
        return
    is_relation = state.lazy_loaded_from is not None
    if not (is_relation or state.is_column_load):
        return
    session: Any = state.session
    if session.is_refreshing:
        return
    is_async = session.get_bind(**state.bind_arguments).dialect.is_async
    if is_async and not in_greenlet():
        raise not_loaded(state, is_async=True)
    if is_relation and not is_async and not session.lazy_loads:
        raise not_loaded(state, is_async=False)


def not_loaded(state: ORMExecuteState, *, is_async: bool) -> GambrelError:
    """Return the error that names what was not loaded, and what to type."""
    path: Any = state.loader_strategy_path
    refresh = "await db.refresh" if is_async else "db.refresh"
    if state.lazy_loaded_from is not None and path is not None:
        model, name = path[-2].class_.__name__, path[-1].key
        statement = f"`.options(selectinload({model}.{name}))` on the statement"
        hint = f'{statement}, or `{refresh}(row, ["{name}"])` for one row'
        return GambrelError(
            "db.not-loaded", f"{model}.{name} was not loaded with its row", "", hint
        )
    mapper: Any = state.bind_mapper
    model = "a row" if mapper is None else mapper.class_.__name__
    options = getattr(state.statement, "_compile_options", None)
    name = min(getattr(options, "_only_load_props", None) or {"column"})
    what = f"{model}.{name} is looked at, and is not loaded: it is deferred, or has expired"
    hint = f'`{refresh}(row, ["{name}"])` before, or `.options(undefer({model}.{name}))`'
    return GambrelError("db.not-loaded", what, "", hint)
