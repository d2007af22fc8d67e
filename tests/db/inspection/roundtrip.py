"""What tests of models that were written share: the database, the module, and their difference."""

import importlib.util
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import configure_mappers
from sqlalchemy.pool import NullPool

from gambrel.db.connections.urls import parse_address
from gambrel.db.inspection.reading import Found, read
from gambrel.db.inspection.sqlite import complete
from gambrel.db.inspection.writing import write_models

SCHEMAS = Path(__file__).parent / "schemas"


def engine_of(url: str) -> Engine:
    return create_engine(parse_address(url, Path()).for_threads, poolclass=NullPool)


def statements(sql: str) -> list[str]:
    """Split a file of ours: a statement ends with its line."""
    lines = [line for line in sql.splitlines() if not line.startswith("--")]
    return [one for one in "\n".join(lines).split(";\n") if one.strip()]


def run_sql(engine: Engine, sql: str) -> None:
    with engine.begin() as connection:
        for one in statements(sql):
            connection.exec_driver_sql(
                one.replace("%", "%%") if "mysql" in str(engine.url) else one
            )


def write(engine: Engine, *schemas: str | None) -> str:
    with engine.connect() as connection:
        return write_models(read(connection, schemas or (None,)))


def load(code: str, folder: Path, name: str = "models_written") -> ModuleType:
    """Import what was written, warnings being errors; relations are looked at as well."""
    file = folder / f"{name}.py"
    file.write_text(code)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        configure_mappers()
    finally:
        del sys.modules[name]
    return module


def base_of(module: ModuleType) -> Any:
    return getattr(module, "Base", None) or module.Model


def difference(connection: Connection, metadata: Any, *schemas: str) -> list[Any]:
    """Return what Alembic would change."""

    def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "schema" or name is None or name in schemas

    def is_table(_item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        return not (kind == "table" and reflected and str(name).startswith("found"))

    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_schemas": bool(schemas),
        "include_name": is_ours,
        "include_object": is_table,
    }
    complete(connection)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        )


def remade(engine: Engine, module: ModuleType, *schemas: str) -> Found:
    """Drop all, make the tables from the models, and read them."""
    metadata = base_of(module).metadata
    with engine.begin() as connection:
        for schema in schemas:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        metadata.create_all(connection)
        return read(connection, [None, *schemas])
