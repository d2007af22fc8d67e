"""What sessions see to when they run statements by models, and compiled ones pass by.

Rows of tenants, and of models whose changes are recorded, are refused unless the statement says
that it is about all of them.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.sql import visitors

from gambrel.core.http.errors import GambrelError
from gambrel.db.models import mapped_to
from gambrel.db.records.history import UNRECORDED, Recorded
from gambrel.db.records.tenants import ALL, Tenanted

__all__ = ["see_models"]


def see_models(statement: Any, where: str, *, reads: bool) -> None:
    """Raise GambrelError for a statement that would pass by tenants, or the log of changes."""
    options = statement.get_execution_options()
    tables = set(tables_of(statement))
    if not options.get(ALL):
        for model in mapped_to(Tenanted, tables):
            what = f"a compiled statement does not know of which tenant its {model.__name__} are"
            hint = f"`.where({model.__name__}.tenant == bindparam('tenant'))`, and "
            hint += f"`.execution_options({ALL}=True)`: it sees to that itself"
            raise GambrelError("db.tenant", what, where, hint)
    if not reads and not options.get(UNRECORDED):
        for model in mapped_to(Recorded, tables):
            what = f"changes of {model.__name__} are recorded, and a compiled statement makes them"
            hint = f"change rows one by one, or `.execution_options({UNRECORDED}=True)`"
            raise GambrelError("db.unrecorded", what, where, hint)


def tables_of(statement: Any) -> Iterator[Table]:
    """Yield the tables of a statement; those that are joined by a relation are told by their
    SELECT alone.
    """
    for part in visitors.iterate(statement):
        if isinstance(part, Table):
            yield part
        elif isinstance(part, Select):
            for source in part.get_final_froms():
                for inner in visitors.iterate(source):
                    if isinstance(inner, Table):
                        yield inner
