"""Types of columns as files of migrations write them: short, and the same on every database.

A file must mean in two years what it meant when it was written, so it names no class of the app.
"""

from typing import Any, Literal

from sqlalchemy import Enum, String, TypeDecorator
from sqlalchemy.types import TypeEngine

from gambrel.db.columns import TEXT, Exact, JSONOf, Moment

__all__ = ["Types"]


class Types:
    """Writes types; `imports` is what the file has to import from `gambrel.db` for it."""

    def __init__(self) -> None:
        self.imports: set[str] = set()

    def render(self, kind: str, item: Any, _context: Any) -> str | Literal[False]:
        """Return a type as code; False leaves it to Alembic."""
        return self.render_type(item) if kind == "type" else False

    def render_type(self, item: TypeEngine[Any]) -> str | Literal[False]:
        """Return a type as code, or False."""
        if isinstance(item, Moment):
            return self.ours("Moment", "()")
        if isinstance(item, Exact):
            return self.ours("Exact", f"({item.precision}, {item.scale})")
        if isinstance(item, JSONOf):
            return self.ours("JSONOf", "(object)")
        if is_text(item):
            return self.ours("TEXT", "")
        if isinstance(item, Enum) and not item.native_enum and not item.create_constraint:
            return f"sa.String({item.length})"
        if isinstance(item, TypeDecorator):
            return self.render_type(item.impl_instance) or f"sa.{item.impl_instance!r}"
        return False

    def ours(self, name: str, call: str) -> str:
        """Return a type of ours."""
        self.imports.add(name)
        return name + call


def is_text(item: TypeEngine[Any]) -> bool:
    """Whether a type is that of `Mapped[str]`, or what is read back of it."""
    if not isinstance(item, String) or type(item) is not String or item.length:
        return False
    return not item._variant_mapping or repr(item) == repr(TEXT)  # noqa: SLF001


def portable(item: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return a type that was read from a database as one that others know, too."""
    if isinstance(item, TypeDecorator) or type(item).__module__ == "sqlalchemy.sql.sqltypes":
        plain = type(item).__name__.isupper()
    else:
        plain = True
    if not plain:
        return item
    try:
        return item.as_generic()
    except NotImplementedError:
        return item
