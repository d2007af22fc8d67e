"""Imports go down the floors: the contracts in `pyproject.toml`, and what they cannot say."""

import ast

from importlinter.cli import lint_imports

from tests.architecture.source import ROOT, sources

# Type-only imports are back doors that the eye misses. File → why it needs one; may only shrink.
TYPE_ONLY: dict[str, str] = {
    **dict.fromkeys(
        (
            "__init__.py",
            "extend.py",
            "db/migrations/__init__.py",
            "files/__init__.py",
            "headers/__init__.py",
            "middleware/__init__.py",
            "openapi/__init__.py",
            "testing/__init__.py",
            "websockets/__init__.py",
        ),
        "a facade: type checkers see what a table of names loads when it is used",
    ),
    **dict.fromkeys(
        (
            f"cli/databases/{name}.py"
            for name in ("found", "looking", "making", "moving", "projects")
        ),
        "what of a battery that a command loads when it runs",
    ),
    "core/app/app.py": "the ASGI edge, and what `operations` returns",
    "core/http/errors.py": "what a text may be, of a module that errors do without",
    "core/app/build.py": "proxies, and what `operations` returns",
    "core/routing/table.py": "what `explain` returns; only tools import it",
}


def test_the_import_contracts_are_kept(capsys):
    broken = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)

    assert not broken, capsys.readouterr().out


def test_type_only_imports_are_few_and_listed():
    found = {
        source.name
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    }

    assert found == set(TYPE_ONLY)
