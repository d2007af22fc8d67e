import importlib.metadata
import json

import pytest

from gambrel.cli.projects.locking import asked, exactly, lock_files, pins, wanted

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
    assert found["gambrel"].startswith("gambrel")
    assert found["jinja2"] == f"jinja2=={version('jinja2')}"
    assert found["markupsafe"] == f"markupsafe=={version('markupsafe')}"
    assert "sqlalchemy" not in found


def test_what_is_not_installed_stands_as_it_is_asked_for():
    found = pins(["nowhere-to-be-found[x]>=1; python_version < '4'"])

    assert list(found.values()) == ["nowhere-to-be-found[x]>=1 ; python_version < '4'"]


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (None, "==1.2"),
        ({"url": "file:///srv/shed", "dir_info": {}}, " @ file:///srv/shed"),
        (
            {"url": "https://shed.example/x", "vcs_info": {"vcs": "git", "commit_id": "4f2c1ab"}},
            " @ git+https://shed.example/x@4f2c1ab",
        ),
    ],
)
def test_a_package_from_elsewhere_is_named_by_where_it_came_from(tmp_path, told, line):
    (tmp_path / "METADATA").write_text("Name: shed\nVersion: 1.2\n")
    if told is not None:
        (tmp_path / "direct_url.json").write_text(json.dumps(told))

    assert exactly(importlib.metadata.PathDistribution(tmp_path)) == line


def test_tools_are_pinned_apart_from_what_is_served():
    files = lock_files(PYPROJECT)

    served, tools = files["requirements.txt"], files["requirements-dev.txt"]
    assert "msgspec==" in served
    assert "pytest==" not in served
    assert "-r requirements.txt\n" in tools
    assert "pytest==" in tools
    assert "msgspec==" not in tools
    assert asked(PYPROJECT) == ["gambrel[templates]~=0.1", "pytest>=8"]
