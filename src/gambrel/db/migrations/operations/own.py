"""Operations of an app's own: what is done and how it is undone, in one class."""

from abc import ABC, abstractmethod

from gambrel.core.http.errors import GambrelError

__all__ = ["Operation"]


class Operation(ABC):
    """A step that several migrations take: `CreateView("adult", "SELECT …").apply()`.

    A subclass has what it needs as attributes, and calls Alembic's `op`.
    """

    @abstractmethod
    def apply(self) -> None:
        """Do it."""

    def revert(self) -> None:
        """Undo it. Raises GambrelError where a subclass does not say how."""
        name = type(self).__name__
        hint = f"give {name} a `revert()`, or the migration no `downgrade()`"
        raise GambrelError("db.irreversible", f"{name} cannot be undone", "revert()", hint)
