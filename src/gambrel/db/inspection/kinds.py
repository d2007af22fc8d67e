"""Types of columns: what they are in Python, and how they are written in a model.

A type of a database is written as one that all databases know where the database makes the same of
it. What the annotation alone says is not said again.
"""

import re
from typing import Any

from msgspec import Struct
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import CompileError, UnsupportedCompilationError

from gambrel.db.inspection.imports import Imports
from gambrel.db.inspection.layout import quoted, requoted
from gambrel.db.inspection.verbatim import Verbatim
from gambrel.db.models import Model

__all__ = ["Kind", "Kinds", "ddl_of", "generic"]

_RANGES = {
    "INT4RANGE": "int",
    "INT8RANGE": "int",
    "NUMRANGE": "Decimal",
    "DATERANGE": "date",
    "TSRANGE": "datetime",
    "TSTZRANGE": "datetime",
}
_TEXTS = {"BIT", "CITEXT", "MACADDR", "MACADDR8", "MONEY", "REGCLASS", "TSQUERY", "TSVECTOR"}
_MODULES = {
    "Any": "typing",
    "Decimal": "decimal",
    "UUID": "uuid",
    "date": "datetime",
    "datetime": "datetime",
    "time": "datetime",
    "timedelta": "datetime",
}
_ELSEWHERE = {
    "BINARY": "LargeBinary",
    "NCHAR": "CHAR",
    "NVARCHAR": "String",
    "REAL": "Double",  # of eight octets
    "VARBINARY": "LargeBinary",
}
"""What other databases have in place of types of SQLite."""
_NAMED = re.compile(r"\b(length|astext_type|text_type)=(Text\(\))?")
_ANSI = "sqlalchemy"


class Kind(Struct, frozen=True):
    """How the type of a column is written: its annotation, and an expression unless that is all."""

    annotation: str
    expression: str = ""

    @property
    def is_any(self) -> bool:
        """Whether the annotation leaves open whether there is a value."""
        return self.annotation.startswith("Any")


class Kinds:
    """Writes types of one dialect; `enums` are the classes of enumerations, by their values.

    `is_ours` says that the models were made here, so that times without an offset are moments.
    """

    def __init__(
        self, dialect: Dialect, imports: Imports, enums: dict[Any, str], *, is_ours: bool
    ) -> None:
        self.dialect = dialect
        self.imports = imports
        self.enums = enums
        self.is_ours = is_ours

    def kind(self, found: types.TypeEngine[Any]) -> Kind:
        """Return how a type is written."""
        if isinstance(found, types.Enum) and found.enums:
            return self.of_enum(found)
        if isinstance(found, postgresql.ARRAY):
            return self.of_array(found)
        if isinstance(found, postgresql.DOMAIN):
            return self.of_domain(found)
        one = generic(found, self.dialect)
        annotation = self.annotation(one)
        return Kind(annotation, "" if self.is_implied(one) else self.expression(one))

    def annotation(self, kind: types.TypeEngine[Any]) -> str:
        """Return what values of a type are in Python."""
        name = type(kind).__name__
        if name in _TEXTS:
            return "str"
        if name == "HSTORE":
            return "dict[str, str | None]"
        if name == "SET":
            return "set[str]"
        if name == "YEAR":
            return "int"
        if name in _RANGES:
            inner = self.python(_RANGES[name])
            return f"{self.imports.name('sqlalchemy.dialects.postgresql', 'Range')}[{inner}]"
        return self.python(python_name(kind))

    def python(self, name: str) -> str:
        """Return a type of Python by its name, imported where it has to be."""
        return self.imports.name(_MODULES[name], name) if name in _MODULES else name

    def is_implied(self, kind: types.TypeEngine[Any]) -> bool:
        """Say whether the annotation alone makes the same column."""
        try:
            python = kind.python_type
        except NotImplementedError:
            return False
        implied = Model.registry._resolve_type(python)  # noqa: SLF001
        if implied is None or isinstance(kind, Verbatim):
            return False
        if isinstance(kind, types.DateTime) and not (self.is_ours or kind.timezone):
            return False
        return ddl_of(implied, self.dialect) == ddl_of(kind, self.dialect)

    def expression(self, kind: types.TypeEngine[Any]) -> str:
        """Return what makes a type."""
        name = type(kind).__name__
        if isinstance(kind, Verbatim):
            return f"{self.imports.name('gambrel.db', name)}({quoted(kind.name)})"
        if self.dialect.name == "sqlite" and name in _ELSEWHERE:
            return self.of_sqlite(kind, _ELSEWHERE[name])
        written = requoted(_NAMED.sub("", repr(kind))).removesuffix("()")
        if isinstance(kind, types.Numeric):
            written = written.replace("precision=", "").replace("scale=", "")
        _, mark, arguments = written.partition("(")
        return f"{self.imports.name(module_of(kind), name)}{mark}{arguments}"

    def of_sqlite(self, kind: types.TypeEngine[Any], elsewhere: str) -> str:
        """Return a type that SQLite takes by a name that others do not know, or take otherwise."""
        given = getattr(kind, "length", None)
        length = f"({given})" if given else ""
        usual = self.imports.name(_ANSI, elsewhere) + (
            length if length and isinstance(kind, types.String) else "()"
        )
        here = self.imports.name(_ANSI, type(kind).__name__) + length
        return f'{usual}.with_variant({here}, "sqlite")'

    def of_enum(self, kind: types.Enum) -> Kind:
        """Return how an enumeration is written: by its class."""
        cls = self.enums[key_of(kind)]
        values = self.imports.name("gambrel.db", "values_of")
        name = f", name={quoted(kind.name)}" if kind.name else ""
        if kind.schema:
            name += f", schema={quoted(kind.schema)}"
        enum = self.imports.name(_ANSI, "Enum")
        return Kind(cls, f"{enum}({cls}{name}, values_callable={values})")

    def of_array(self, kind: Any) -> Kind:
        """Return how an array is written: by what is in it."""
        inner = self.kind(kind.item_type)
        made = inner.expression or self.expression(generic(kind.item_type, self.dialect))
        array = self.imports.name("sqlalchemy.dialects.postgresql", "ARRAY")
        return Kind(f"list[{inner.annotation}]", f"{array}({made})")

    def of_domain(self, kind: Any) -> Kind:
        """Return how a domain is written: by its name, and by what it is made of."""
        inner = self.kind(kind.data_type)
        made = inner.expression or self.expression(generic(kind.data_type, self.dialect))
        given = [quoted(kind.name), made]
        if kind.schema:
            given.append(f"schema={quoted(kind.schema)}")
        if kind.check is not None:
            given.append(f"check={quoted(str(kind.check))}")
        if kind.check is not None and kind.constraint_name != f"{kind.name}_check":
            given.append(f"constraint_name={quoted(kind.constraint_name)}")
        if kind.not_null:
            given.append("not_null=True")
        domain = self.imports.name("sqlalchemy.dialects.postgresql", "DOMAIN")
        return Kind(inner.annotation, f"{domain}({', '.join(given)})")


def ddl_of(kind: types.TypeEngine[Any], dialect: Dialect) -> str:
    """Return a type as the database is told of it, `""` where it cannot be."""
    try:
        return kind.compile(dialect=dialect)
    except (CompileError, UnsupportedCompilationError):
        return ""


def generic(kind: types.TypeEngine[Any], dialect: Dialect) -> types.TypeEngine[Any]:
    """Return the type that all databases know, where this one makes the same of it."""
    if isinstance(kind, mysql.TINYINT) and kind.display_width == 1 and not kind.unsigned:
        return types.Boolean()
    kind = plain(kind)
    ddl = ddl_of(kind, dialect)
    for one in candidates(kind):
        if isinstance(kind, type(one)) and ddl_of(one, dialect) == ddl:
            return one
    return kind


def plain(kind: Any) -> types.TypeEngine[Any]:
    """Return a type without what goes without saying."""
    usual: dict[str, Any] = {}
    if getattr(kind, "display_width", None) and not getattr(kind, "zerofill", False):
        usual["display_width"] = None
    collation = getattr(kind, "collation", None) or ""
    if collation == "default":
        usual["collation"] = None
    if getattr(kind, "charset", None) and collation.startswith(kind.charset):
        usual["charset"] = None
    if usual:
        kind = kind.copy()
        vars(kind).update(usual)
    return kind  # type: ignore[no-any-return]  # as it was


def candidates(kind: Any) -> list[types.TypeEngine[Any]]:
    """Return types that all databases know, with the length and the like of another."""
    length = getattr(kind, "length", None)
    precision, scale = getattr(kind, "precision", None), getattr(kind, "scale", None)
    return [
        types.Integer(),
        types.BigInteger(),
        types.SmallInteger(),
        types.Boolean(),
        types.Text(),
        types.String(length),
        types.String(length, collation=getattr(kind, "collation", None)),
        types.Date(),
        types.Time(),
        types.DateTime(),
        types.DateTime(timezone=True),
        types.Double(),
        types.Float(),
        types.Numeric(precision, scale),
        types.DECIMAL(precision, scale),
        types.CHAR(length),
        types.TIMESTAMP(),
        types.LargeBinary(),
        types.Uuid(),
        types.JSON(),
    ]


def module_of(kind: Any) -> str:
    """Return the module from which a type is imported."""
    module = type(kind).__module__
    if module.startswith("sqlalchemy.dialects."):
        return ".".join(module.split(".")[:3])
    return _ANSI


def python_name(kind: types.TypeEngine[Any]) -> str:
    """Return the name of the type of values in Python; `Any` where nobody knows."""
    if isinstance(kind, types.JSON | Verbatim):
        return "Any"
    try:
        name = kind.python_type.__name__
    except NotImplementedError:
        return "Any"
    known = name in _MODULES or name in {"bool", "bytes", "float", "int", "str"}
    return name if known else "Any"


def key_of(kind: types.Enum) -> Any:
    """Return what tells an enumeration from others."""
    return (kind.schema, kind.name, tuple(kind.enums))
