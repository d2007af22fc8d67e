"""`Verbatim`: a type of a database that SQLAlchemy does not know, by its name."""

from typing import Any

from sqlalchemy.types import UserDefinedType

__all__ = ["Verbatim"]


class Verbatim(UserDefinedType[Any]):
    """A type by the name that the database gives it: `mapped_column(Verbatim("point"))`.

    Values are whatever the driver makes of them.
    """

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_options: Any) -> str:
        """Return the type as it stands in a statement."""
        return self.name
