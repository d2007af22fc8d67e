import shutil
import sys

import pytest

from gambrel.cli.projects.changes import apply, differences
from gambrel.cli.projects.new import make
from gambrel.cli.projects.shapes import Start
from tests.architecture.source import ROOT
from tests.cli.projects.test_shapes import run, tasks


@pytest.mark.parametrize("example", ["hello", "orders"])
def test_an_example_passes_its_tests_as_a_package(gambrel, folder, example):
    shutil.copytree(ROOT / "examples" / example, folder / example)

    result = gambrel("grow", example, "--yes")

    assert result.exit_code == 0
    assert result.output.endswith(
        f"{example} is a package. Next: gambrel dev {example}/{example}\n"
    )
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run(
        folder / example,
        [*tests, "--rootdir", "."],
        PYTHONPATH=f"{folder / example}:{ROOT / 'src'}",
    )


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["api", "site"])
def test_a_service_passes_its_own_checks_as_a_package(gambrel, folder, shape):
    apply(folder, differences({}, make(Start("service", "shed"), ("templates", "static"))))

    gambrel("grow", "--shape", shape, "--yes")

    module = "routes" if shape == "api" else "pages"
    assert (folder / "shed" / f"{module}.py").is_file()
    assert (folder / "shed" / "templates" / "base.html").is_file()
    assert not (folder / "app.py").exists()
    assert "gambrel run shed " in (folder / "deploy" / "shed.service").read_text()
    for command in tasks(folder):
        if not command[0].endswith("mypy"):  # a minute; the types are those of the service
            run(folder, command)


def test_nothing_is_overwritten(gambrel, shop):
    package = shop / "shed"
    package.mkdir()
    (package / "routes.py").write_text("mine")

    result = gambrel("grow", "--package", "shed", "--yes")

    assert result.exit_code == 1
    assert "[projects.file-exists]" in result.stderr
    assert (package / "routes.py").read_text() == "mine"
    assert (shop / "app.py").is_file()


def test_without_an_answer_nothing_is_changed(gambrel, shop):
    before = sorted(shop.iterdir())

    assert gambrel("grow", "--package", "shed").exit_code == 1
    assert sorted(shop.iterdir()) == before


@pytest.mark.parametrize(
    "args", [["other.py"], [".", "--package", "tests"], [".", "--shape", "barn"]]
)
def test_what_cannot_be_grown_is_refused(gambrel, shop, args):
    (shop / "other.py").write_text("")

    assert gambrel("grow", *args, "--yes").exit_code == 2
