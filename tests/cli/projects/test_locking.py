import importlib.metadata

import pytest

from gambrel.cli.projects.locking import asked, lock_files, pins, wanted

PYPROJECT = """
[project]
dependencies = ["gambrel[templates]~=0.1"]

[dependency-groups]
dev = ["pytest>=8", { include-group = "docs" }]
docs = []
"""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("click>=8.2", ("click", (), ">=8.2", "", "")),
        ("a[x, y]", ("a", ("x", "y"), "", "", "")),
        ("a (>=1,<2)", ("a", (), ">=1,<2", "", "")),
        ('b; extra == "db"', ("b", (), "", "", "db")),
        (
            "c[d]>=1; sys_platform == 'win32' and extra == 'db'",
            ("c", ("d",), ">=1", "sys_platform == 'win32'", "db"),
        ),
        (
            '(e>=2) ; (python_version < "3.13") and (extra == "db")'.replace("(e>=2)", "e>=2"),
            ("e", (), ">=2", '(python_version < "3.13")', "db"),
        ),
    ],
)
def test_a_requirement_is_read(text, parts):
    found = wanted(text)

    assert (found.name, found.extras, found.range, found.marker, found.for_extra) == parts


def test_what_is_no_requirement_is_refused():
    with pytest.raises(ValueError, match="no requirement"):
        wanted("!")


def test_what_is_installed_is_pinned_with_all_that_it_needs():
    found = pins(["gambrel[templates]>=0.1"])

    version = importlib.metadata.version
    assert found["gambrel"] == f"gambrel=={version('gambrel')}"
    assert found["jinja2"] == f"jinja2=={version('jinja2')}"
    assert found["markupsafe"] == f"markupsafe=={version('markupsafe')}"
    assert "sqlalchemy" not in found


def test_what_is_not_installed_stands_as_it_is_asked_for():
    found = pins(["nowhere-to-be-found[x]>=1; python_version < '4'"])

    assert list(found.values()) == ["nowhere-to-be-found[x]>=1; python_version < '4'"]


def test_tools_are_pinned_apart_from_what_is_served():
    files = lock_files(PYPROJECT)

    served, tools = files["requirements.txt"], files["requirements-dev.txt"]
    assert "msgspec==" in served
    assert "pytest==" not in served
    assert "-r requirements.txt\n" in tools
    assert "pytest==" in tools
    assert "msgspec==" not in tools
    assert asked(PYPROJECT) == ["gambrel[templates]~=0.1", "pytest>=8"]
