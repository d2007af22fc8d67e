"""Nothing: what a migration finds in a database that is not there, when its SQL is only written."""

from collections.abc import Iterator
from typing import Any

__all__ = ["NOTHING"]


class Nothing:
    """Is empty, is false, and gives itself for whatever it is asked."""

    rowcount = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_values: Any, **_options: Any) -> Any:
        return self

    def __getitem__(self, _key: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __bool__(self) -> bool:
        return False

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *failure: object) -> None:
        """Do nothing."""


NOTHING: Any = Nothing()
