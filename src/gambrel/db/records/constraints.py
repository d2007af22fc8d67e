"""Constraints that many models write again."""

from typing import Any

from sqlalchemy import CheckConstraint

__all__ = ["exactly_one"]


def exactly_one(*columns: str, message: str = "must be one of these, and no more") -> Any:
    """Return a constraint: one of the columns has a value, and the others have none.

    A row that belongs to a post or to a photo has a key to each of them, both real:
    `__table_args__ = (exactly_one("post_id", "photo_id"),)`.
    """
    counted = " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns)
    name = f"one_of_{'_'.join(columns)}"
    return CheckConstraint(f"{counted} = 1", name, info={"message": message})
