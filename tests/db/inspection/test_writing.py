"""Models that were written are imported, checked, compared with their database, and made again."""

import ast
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gambrel.db.inspection.writing import write_models
from tests.db.inspection.roundtrip import (
    SCHEMAS,
    base_of,
    difference,
    engine_of,
    load,
    remade,
    run_sql,
    write,
)
from tests.db.inspection.samples import SAMPLES, is_there, sample_sql

ROOT = Path(__file__).parents[3]


def kind_of(url: str) -> str:
    return url.partition(":")[0]


def other_schemas(url: str) -> list[str]:
    return ["sales"] if kind_of(url) == "postgresql" else []


@pytest.fixture
def library(url: str):
    """Return an engine of the database with our own schema, and the models of it."""
    engine = engine_of(url)
    run_sql(engine, (SCHEMAS / f"{kind_of(url)}.sql").read_text())
    yield engine, write(engine, None, *other_schemas(url))
    for schema in other_schemas(url):
        run_sql(engine, f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def test_models_have_no_difference_to_the_database_they_were_written_of(library, url, tmp_path):
    engine, code = library

    module = load(code, tmp_path)

    with engine.connect() as connection:
        assert difference(connection, base_of(module).metadata, *other_schemas(url)) == []


def test_a_database_that_models_make_is_the_one_they_were_written_of(
    library, url, request, tmp_path
):
    engine, code = library
    module = load(code, tmp_path)
    empty_again(engine, url, request)

    found = remade(engine, module, *other_schemas(url))

    found.views.clear()
    assert without_views(write_models(found)) == without_views(code)


@pytest.mark.slow
def test_models_pass_the_checks_of_this_house(library, tmp_path):
    _, code = library
    file = tmp_path / "models_written.py"
    file.write_text(code)

    for command in (
        ["ruff", "check", "--ignore", "D,INP", "--config", ROOT / "pyproject.toml"],
        ["ruff", "format", "--check", "--config", ROOT / "pyproject.toml"],
        ["mypy", "--strict", "--cache-dir", tmp_path / "cache"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *map(str, command), str(file)],
            cwd=ROOT / "src",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_name_and_no_text_of_a_database_becomes_code(url, tmp_path):
    engine = engine_of(url)
    run_sql(engine, (SCHEMAS / f"hostile_{kind_of(url)}.sql").read_text())

    code = write(engine)

    assert "evil" in code
    called = [
        ast.unparse(one.func) for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Call)
    ]
    assert not [name for name in called if "evil" in name]
    load(code, tmp_path)


def test_relations_are_used_both_ways(library, url, tmp_path):
    engine, code = library
    module = load(code, tmp_path)
    today = date(2026, 1, 1)

    with Session(engine) as session:
        child = module.Person(name="Two", date=today)
        parent = module.Person(name="One", date=today, children=[child])
        session.add(parent)
        session.commit()
        child = session.scalars(select(module.Person).filter_by(name="Two")).one()

        assert child.parent is parent
        assert session.scalars(select(module.Reader)).all()[0].name in {"One", "Two"}


@pytest.mark.parametrize("sample", SAMPLES)
def test_real_schemas_come_back_without_difference(sample, url, tmp_path):
    if not is_there(sample):
        pytest.skip("GAMBREL_SAMPLE_DATA names no folder with the sample databases")
    engine = engine_of(url)
    for statement in sample_sql(sample, kind_of(url)):
        run_sql(engine, statement)

    code = write(engine)
    module = load(code, tmp_path)

    with engine.connect() as connection:
        assert difference(connection, base_of(module).metadata) == []
    assert code.count("class ") > 8


def empty_again(engine, url, request) -> None:
    """Leave nothing of the schema."""
    if kind_of(url) == "sqlite":
        Path(engine.url.database).unlink()
    elif kind_of(url) == "postgresql":
        run_sql(
            engine,
            "DROP SCHEMA public CASCADE;\nDROP SCHEMA sales CASCADE;\nCREATE SCHEMA public;\n",
        )
    else:
        name = engine.url.database
        run_sql(engine, f"DROP DATABASE {name};\nCREATE DATABASE {name};\n")


def without_views(code: str) -> str:
    """Return what is of tables; imports differ with what views need."""
    text = code.partition("\n\n\n")[2]
    classes = [one for one in text.split("\n\n\n") if "(View)" not in one.split("\n")[0]]
    return "\n\n\n".join(one for one in classes if not one.startswith("class View")).strip()
