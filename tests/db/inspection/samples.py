"""The Chinook and Northwind databases, where GAMBREL_SAMPLE_DATA names a folder that has them.

They are written for PostgreSQL; their tables are told to the others in words of theirs.
"""

import os
import re
from pathlib import Path

SAMPLES = ["chinook", "northwind"]
_TABLE = re.compile(r"CREATE TABLE (\w+)\s*\((.*?)\n\)", re.DOTALL)
_ADDED = re.compile(r"ALTER TABLE (?:ONLY )?(\w+)\s+ADD CONSTRAINT (.*?);", re.DOTALL)
_BARE = re.compile(r"REFERENCES (\w+)$")
_INDEX = re.compile(r"CREATE INDEX .*?;")


def file_of(sample: str) -> Path:
    return Path(os.environ.get("GAMBREL_SAMPLE_DATA", "nowhere"), f"{sample}_postgresql.sql")


def is_there(sample: str) -> bool:
    return file_of(sample).is_file()


def sample_sql(sample: str, kind: str) -> list[str]:
    """Return statements that make the tables of a sample."""
    text = file_of(sample).read_text()
    tables, added = dict(_TABLE.findall(text)), _ADDED.findall(text)
    indexes = _INDEX.findall(text)
    if kind == "mariadb":  # which has to be told what a key refers to
        keys = {name: one.partition("KEY")[2].strip() for name, one in added if "PRIMARY" in one}
        tables = {name: body.replace("bytea", "blob") for name, body in tables.items()}
        added = [(name, _BARE.sub(lambda m: f"{m[0]} {keys[m[1]]}", one)) for name, one in added]
    if kind == "sqlite":
        for name, constraint in added:
            tables[name] += f",\n    CONSTRAINT {constraint}"
        added = []
    return [
        *(f"CREATE TABLE {name} ({body}\n);\n" for name, body in tables.items()),
        *(f"ALTER TABLE {name} ADD CONSTRAINT {one};\n" for name, one in added),
        *(f"{one}\n" for one in indexes),
    ]
