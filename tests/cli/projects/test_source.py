import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError
from gambrel.cli.projects.source import add_extension
from tests.architecture.source import ROOT

IMPORT = "from gambrel import App\n"


def add(source, call="Forms()", home="gambrel.forms", width=100):
    return add_extension(source, "app.py", call, home, width)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("app = App()\n", "app = App(extensions=[Forms()])\n"),
        ("app = App(title='x')\n", "app = App(extensions=[Forms()], title='x')\n"),
        ("app = App(extensions=[])\n", "app = App(extensions=[Forms()])\n"),
        ("app = App(extensions=[A()])  # why\n", "app = App(extensions=[A(), Forms()])  # why\n"),
        (
            "app = App(\n    extensions=[\n        A(),  # first\n    ]\n)\n",
            "app = App(\n    extensions=[\n        A(),\n        Forms(),  # first\n    ]\n)\n",
        ),
        (
            "ALL = [A()]\napp = App(extensions=ALL)\n",
            "ALL = [A(), Forms()]\napp = App(extensions=ALL)\n",
        ),
        (
            "def make():\n    return App(extensions=[A()])\n",
            "def make():\n    return App(extensions=[A(), Forms()])\n",
        ),
    ],
)
def test_an_extension_is_the_last_of_the_list(before, after):
    assert add(IMPORT + before) == f"{IMPORT}from gambrel.forms import Forms\n{after}"


@pytest.mark.parametrize(
    "source",
    [
        "from gambrel.forms import Forms\napp = App(extensions=[Forms()])\n",
        "from gambrel.forms import Forms\nFORMS = Forms(trap='x')\napp = App(extensions=[FORMS])\n",
        "import gambrel.forms\napp = App(extensions=[gambrel.forms.Forms()])\n",
    ],
)
def test_what_is_there_is_not_added_again(source):
    assert add(IMPORT + source) == IMPORT + source


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("x = 1\n", "no App"),
        ("a = App()\nb = App()\n", "2 calls"),
        ("app = App(extensions=all_of())\n", "no list"),
        ("app = App(extensions=[*a] + [b])\n", "no list"),
        ("e = []\ne = [A()]\napp = App(extensions=e)\n", "no list"),
        ("app = App(**options)\n", "not all named"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_place(source, what):
    with pytest.raises(GambrelError, match=what) as error:
        add(IMPORT + source)

    assert error.value.code == "projects.unclear"
    assert error.value.where.startswith("app.py:")


def test_the_import_joins_those_of_its_module_in_their_order():
    source = f"{IMPORT}from gambrel.forms import field, PerClient\napp = App()\n"

    assert "from gambrel.forms import Forms, PerClient, field\n" in add(source)


def test_an_import_with_comments_is_left_alone():
    source = f"{IMPORT}from gambrel.forms import (\n    field,  # why\n)\napp = App()\n"

    found = add(source)

    assert "    field,  # why\n" in found
    assert "from gambrel.forms import Forms\n" in found


def test_the_import_stands_in_the_order_of_modules():
    source = (
        "import os\n\nfrom gambrel import App\nfrom gambrel.looks import Looks\n"
        "from msgspec import Struct\n\napp = App(extensions=[Looks()])\n"
    )

    lines = add(source).splitlines()

    assert lines.index("from gambrel.forms import Forms") == 3
    assert "from gambrel.sessions import Sessions" in add(
        "import gambrel\n\napp = gambrel.App()\n", "Sessions()", "gambrel.sessions"
    )


def test_an_app_by_another_name_is_found():
    source = "from gambrel import App as Application\n\napp = Application()\n"

    assert "app = Application(extensions=[Forms()])" in add(source)


def test_a_line_that_becomes_too_long_is_several():
    items = [f"Extension{number}()" for number in range(6)]
    source = f"{IMPORT}app = App(extensions=[{', '.join(items)}])\n"

    found = add(source)

    assert max(map(len, found.splitlines())) <= 100
    assert found.count("\n            ") == 0
    assert "app = App(\n    extensions=[\n        Extension0(),\n" in found


def test_a_list_that_becomes_too_long_in_a_line_of_its_own_is_several():
    items = ", ".join(f"Extension{number}()" for number in range(6))
    own = f"{IMPORT}EXTENSIONS = [{items}]\napp = App(extensions=EXTENSIONS)\n"
    within = f"{IMPORT}app = App(\n    extensions=[{items}],\n    title='x',\n)\n"

    assert "EXTENSIONS = [\n    Extension0(),\n" in add(own)
    assert "\n    Forms(),\n]\napp = App(extensions=EXTENSIONS)\n" in add(own)
    assert "    extensions=[\n        Extension0(),\n" in add(within)
    assert "        Forms(),\n    ],\n    title='x',\n" in add(within)


NAMES = st.lists(st.sampled_from(["A()", "B(x=[1])", "C", "'ä'", "D(\n1)"]), max_size=5)


@given(NAMES, st.booleans(), st.sampled_from(["", ", title='ü'"]))
def test_whatever_stands_there_stays(items, apart, more):
    between = ",\n        " if apart else ", "
    source = f"{IMPORT}app = App(extensions=[{between.join(items)}]{more})\nrest = 1  # ä\n"

    found = ast.parse(add(source))

    call = next(node.value for node in found.body if isinstance(node, ast.Assign))
    was = ast.parse(source).body[1].value
    assert [ast.unparse(item) for item in call.keywords[0].value.elts] == [
        *(ast.unparse(item) for item in was.keywords[0].value.elts),
        "Forms()",
    ]
    assert add(source).endswith("\nrest = 1  # ä\n")


def test_every_example_takes_a_battery_and_stays_formatted(tmp_path):
    for file in sorted((ROOT / "examples").glob("*/app.py")):
        source = file.read_text("utf-8")

        added = add(source, "Metrics()", "gambrel.observability.metrics")

        assert add(added, "Metrics()", "gambrel.observability.metrics") == added
        kept = [line for line in source.splitlines() if line not in added.splitlines()]
        assert all("App(" in line for line in kept), file
        (tmp_path / f"{file.parent.name}.py").write_text(added)
    ruff = [str(Path(sys.executable).parent / "ruff"), "format", "--check", "--isolated"]
    done = subprocess.run(
        [*ruff, "--line-length", "100", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
