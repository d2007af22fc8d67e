"""Databases that have a name: what their settings are called, and which models are theirs.

`extension.py` asks when a `Database(..., name="audit", models=Audit)` is made.
"""

from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field
from sqlalchemy import MetaData

from gambrel.core.http.errors import GambrelError
from gambrel.db.models import Model
from gambrel.settings import Env, Secret

__all__ = ["metadata_of", "section_of", "settings_of"]

NAME = "database"


def section_of(name: str) -> str:
    """Return what a database is called in an app: its settings, its place among extensions.

    Raises GambrelError for a name that cannot be part of a variable.
    """
    if not name:
        return NAME
    if not name.isidentifier() or not name.islower():
        what = f"a database cannot be called {name!r}"
        raise GambrelError("db.name", what, "Database(name=...)", 'small letters: name="audit"')
    return f"{NAME}_{name}"


@cache
def settings_of(base: type[Any], section: str) -> type[Any]:
    """Return the settings of a database: of one with a name, a type of its own.

    `GAMBREL_DATABASE_AUDIT_URL` says where `audit` is.
    """
    if section == NAME:
        return base
    about = Meta(description="where it is; a password is a secret")
    url = Annotated[Secret, Env(f"GAMBREL_{section.upper()}_URL"), about]
    name = "".join(word.title() for word in section.split("_"))
    return msgspec.defstruct(
        f"{name}Settings",
        [("url", url, field(default_factory=lambda: Secret("")))],
        bases=(base,),
        frozen=True,
        kw_only=True,
        module=base.__module__,
    )


def metadata_of(models: type[Model] | None, metadata: MetaData | None) -> MetaData:
    """Return the tables of a database. Raises GambrelError for models that share theirs."""
    if models is None:
        return Model.metadata if metadata is None else metadata
    if models.metadata is Model.metadata:
        name = models.__name__
        what = f"{name} cannot have a database of its own: its tables are among those of Model"
        hint = f"class {name}(Model): __abstract__ = True; "
        hint += "metadata = MetaData(naming_convention=NAMING)"
        raise GambrelError("db.models", what, "Database(models=...)", hint)
    return models.metadata if metadata is None else metadata
