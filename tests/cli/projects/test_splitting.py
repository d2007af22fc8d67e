import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.cli.projects.splitting import split
from tests.architecture.source import ROOT

# An app in a variable of the module, with routes declared on it.
SINGLE = re.compile(
    r"^app = App\(.*^@app\.(get|post|put|websocket|route)\(", re.MULTILINE | re.DOTALL
)
FILES = sorted((ROOT / "examples").glob("*/app.py"))
EXAMPLES = [file for file in FILES if SINGLE.search(file.read_text("utf-8"))]
MIXED = '''"""A shed."""

from __future__ import annotations

import os, sys
from dataclasses import dataclass

from gambrel import App, Request

LIMIT = 3
"""How many tools."""

app = App(title="Shed")  # the app


# What is remembered.
@dataclass
class Tool:
    name: str  # as painted on it


@app.get("/tools")
async def tools(request: Request, like: "Tool | None" = None) -> list[Tool]:
    # not many
    return [Tool(os.sep)] * LIMIT


@app.get("/title")
async def title() -> str:
    return app.title


@app.lifespan
async def opened():
    yield Tool("door")


if __name__ == "__main__":
    sys.exit(app)
'''


def divided(source):
    return split(source, "app.py", "shed", "routes", 100)


def statements(source):
    """Return the text of each function and class, with decorators and comments within."""
    lines = source.splitlines()
    return {
        node.name: "\n".join(
            lines[
                min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1 : node.end_lineno
            ]
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def test_routes_move_and_what_is_about_the_app_stays():
    made = divided(MIXED)

    assert made.moved == {"LIMIT", "Tool", "tools"}
    assert set(statements(made.routes)) == {"Tool", "tools"}
    assert set(statements(made.app)) == {"title", "opened"}
    assert "from shed import routes\nfrom shed.routes import Tool\n" in made.app
    assert 'app = App(title="Shed")  # the app\napp.include(routes.app)\n' in made.app
    assert 'LIMIT = 3\n"""How many tools."""\n' in made.routes
    assert "# What is remembered.\n@dataclass" in made.routes


def test_each_file_imports_what_it_needs():
    made = divided(MIXED)

    assert "import sys\n" in made.app
    assert "import os\n" in made.routes
    assert "from gambrel import App\n" in made.app
    assert "from gambrel import Request, Router\n" in made.routes
    assert all("from __future__ import annotations" in text for text in (made.app, made.routes))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_no_handler_of_an_example_is_changed_by_a_byte(file):
    source = file.read_text("utf-8")

    made = split(source, "app.py", file.parent.name, "routes", 100)

    assert statements(made.app) | statements(made.routes) == statements(source)
    assert not set(statements(made.app)) & set(statements(made.routes))


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("def build():\n    return App()\n", "not made in a variable"),
        ("app = App()\n", "no route"),
        ("app = App()\n@app.get('/')\ndef f() -> str:\n    return app.title\n", "no route"),
        ("app = App(); x = 1\n", "one line"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(source, what):
    with pytest.raises(GambrelError, match=what):
        divided(f"from gambrel import App\n{source}")


def test_neither_file_of_any_example_lacks_a_name_or_has_one_too_many(tmp_path):
    for file in EXAMPLES:
        made = split(file.read_text("utf-8"), "app.py", file.parent.name, "routes", 100)
        (tmp_path / f"{file.parent.name}_app.py").write_text(made.app)
        (tmp_path / f"{file.parent.name}_routes.py").write_text(made.routes)
    ruff = [str(Path(sys.executable).parent / "ruff"), "check", "--isolated", "--select", "F"]
    done = subprocess.run([*ruff, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
