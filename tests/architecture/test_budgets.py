"""Nothing grows beyond what one can hold in the head.

Lines are code lines: docstrings, comments and blanks are free. An exception needs a reason, and
has to go once it is no longer needed.
"""

import ast
from functools import cache

import pytest

from tests.architecture.source import PACKAGE, Function, Source, sources

FILE = 500
FUNCTION = 50
PARAMETERS = 8
PUBLIC_METHODS = 20
FOLDER = 18
CONVERSION, SETTINGS = 2_010, 460
CORE = 7_000
ROOMS = {"http": 2_047, "routing": 1_277, "binding": 1_586, "app": 1_690, "edges": 400}
MIDDLEWARE = 250
DATABASES = 2_100  # sessions of two kinds on three databases, and the extension
# Parts of models; rules, forms and files of rows; migrations on three databases.
DATABASE_ROOMS = {
    "records": 550,
    "writing": 550,
    "migrations": 2_950,
    "inspection": 1_350,
    "search": 300,
    "transfer": 850,
    "several": 200,
    "visible": 450,
    "queries": 500,
    "connections": 950,
    "fast": 750,
}

# What is larger → why. `path::name` for functions and classes, `path` for files and folders.
EXCEPTIONS: dict[str, str] = {}


def lines(files: list[Source]) -> int:
    return sum(len(file.code) for file in files)


def parameters(function: Function) -> int:
    given = function.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def public_methods(subject: ast.ClassDef) -> set[str]:
    """Return the names that are called; properties read like attributes."""
    return {
        node.name
        for node in subject.body
        if isinstance(node, Function)
        and not node.name.startswith("_")
        and not any("property" in ast.unparse(decorator) for decorator in node.decorator_list)
    }


@cache
def too_large() -> dict[str, str]:
    """Return all that is beyond its budget, with the measure."""
    found: dict[str, str] = {}
    for file in sources():
        if len(file.code) > FILE:
            found[file.name] = f"{len(file.code)} lines"
        for name, function in file.functions():
            if file.size(function) > FUNCTION:
                found[f"{file.name}::{name}"] = f"{file.size(function)} lines"
            if parameters(function) > PARAMETERS:
                found[f"{file.name}::{name}"] = f"{parameters(function)} parameters"
        for name, subject in file.classes():
            if len(public_methods(subject)) > PUBLIC_METHODS:
                found[f"{file.name}::{name}"] = f"{len(public_methods(subject))} public methods"
    for folder in (PACKAGE, *(path for path in PACKAGE.rglob("*") if path.is_dir())):
        files = len(list(folder.glob("*.py")))
        if files > FOLDER:
            found[folder.relative_to(PACKAGE).as_posix()] = f"{files} files"
    return found


def test_files_functions_classes_and_folders_keep_their_budgets():
    beyond = {name: measure for name, measure in too_large().items() if name not in EXCEPTIONS}

    assert beyond == {}


def test_an_exception_that_is_no_longer_needed_is_dropped():
    assert set(EXCEPTIONS) <= set(too_large())


def test_the_ground_stays_small():
    assert lines(sources("conversion")) <= CONVERSION
    assert lines(sources("settings")) <= SETTINGS


def test_the_core_stays_small():
    assert lines(sources("core")) <= CORE


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_of_the_core_keeps_its_budget(room):
    assert lines(sources(f"core/{room}")) <= ROOMS[room]


def test_every_room_of_the_core_has_a_budget():
    rooms = {path.parent.name for path in (PACKAGE / "core").glob("*/__init__.py")}

    assert rooms == set(ROOMS)


def test_databases_keep_their_budget():
    rooms = {room: lines(sources(f"db/{room}")) for room in DATABASE_ROOMS}

    assert lines(sources("db")) - sum(rooms.values()) <= DATABASES
    assert {room: size for room, size in rooms.items() if size > DATABASE_ROOMS[room]} == {}


def test_one_middleware_fits_on_a_few_screens():
    large = {
        file.name: len(file.code) for file in sources("middleware") if len(file.code) > MIDDLEWARE
    }

    assert large == {}
