import sys

import pytest

from gambrel import App, GambrelError
from gambrel.cli.target import check_target, load_app, root_of, split_target

MINIMAL = "from gambrel import App\n\napp = App()\n"


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("app.py", ("app.py", "")),
        ("app.py:shop", ("app.py", "shop")),
        ("pkg.mod:sites.shop", ("pkg.mod", "sites.shop")),
        (r"C:\shop\app.py", (r"C:\shop\app.py", "")),
        (r"C:\shop\app.py:shop", (r"C:\shop\app.py", "shop")),
        ("", ("", "")),
    ],
)
def test_a_target_is_a_path_and_an_attribute(target, parts):
    assert split_target(target) == parts


@pytest.mark.parametrize("target", ["app.py", "app", "app:app", "app.py:app", ".", "./app.py"])
def test_an_app_is_found_by_file_folder_or_module(folder, target):
    (folder / "app.py").write_text(MINIMAL)

    assert isinstance(load_app(target), App)


def test_a_folder_means_its_app_py(folder):
    (folder / "shop").mkdir()
    (folder / "shop" / "app.py").write_text(MINIMAL)

    assert load_app("shop") is load_app("shop/app.py")


def test_a_file_sees_its_neighbours(folder):
    (folder / "site1").mkdir()
    (folder / "site1" / "shelves1.py").write_text("from gambrel import App\n\nshop = App()\n")
    (folder / "site1" / "app.py").write_text("from shelves1 import shop as app\n")

    assert isinstance(load_app("site1/app.py"), App)


def test_a_file_in_a_package_is_imported_by_its_full_name(folder):
    package = folder / "market" / "web"
    package.mkdir(parents=True)
    (folder / "market" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("from gambrel import App\n")
    (package / "app.py").write_text("from . import App\n\napp = App()\n")

    load_app("market/web/app.py")

    assert "market.web.app" in sys.modules
    assert root_of("market/web/app.py") == folder


def test_a_file_named_like_a_module_of_python_does_not_replace_it(folder):
    (folder / "json.py").write_text(MINIMAL)
    before = sys.modules["json"]

    load_app("json.py")

    assert sys.modules["json"] is before


def test_a_file_whose_name_is_no_identifier_can_be_served(folder):
    (folder / "my-shop.v2.py").write_text(MINIMAL)

    assert isinstance(load_app("my-shop.v2.py"), App)


def test_a_package_that_fails_is_told_at_its_line(folder):
    (folder / "market3").mkdir()
    (folder / "market3" / "__init__.py").write_text("x = [][0]\n")
    (folder / "market3" / "app.py").write_text(MINIMAL)

    assert error_of("market3/app.py").where == "market3/__init__.py:1"
    assert error_of("market3.app").where == "market3/__init__.py:1"


def test_a_factory_of_another_name_is_found_or_told(folder):
    (folder / "app.py").write_text("from gambrel import App\ndef create_app(): return App()\n")

    assert isinstance(load_app("app.py"), App)
    with pytest.raises(GambrelError) as caught:
        load_app("app.py:app")
    assert caught.value.hint == "name it: `app.py:create_app`"


def test_a_function_build_makes_the_app(folder):
    (folder / "app.py").write_text("from gambrel import App\n\n\ndef build():\n    return App()\n")

    assert isinstance(load_app("app.py"), App)


def error_of(target: str) -> GambrelError:
    with pytest.raises(GambrelError) as caught:
        load_app(target)
    return caught.value


@pytest.mark.parametrize("target", ["nothing.py", "nothing", "no/thing.py", "no.such.module", "-x"])
def test_a_target_that_is_not_there_is_told(folder, target):
    error = error_of(target)

    assert (error.code, error.where) == ("cli.no-target", str(folder))


def test_the_nearest_file_is_suggested(folder):
    (folder / "shop.py").write_text(MINIMAL)

    assert error_of("shp.py").hint.startswith("did you mean 'shop.py'?")


def test_a_handler_is_no_factory(folder):
    (folder / "app.py").write_text(f"{MINIMAL}\nasync def home() -> str: ...\n")

    error = error_of("app.py:home")

    assert error.what == "app has no App named 'home', it is a function"
    assert error.hint == "name it: `app.py:app`"


def test_an_app_of_another_name_is_suggested(folder):
    (folder / "app.py").write_text("from gambrel import App\n\nshop = App()\n")

    error = error_of("app.py")

    assert error.code == "cli.no-app"
    assert error.hint == "name it: `app.py:shop`"


def test_a_module_without_an_app_is_told(folder):
    (folder / "app.py").write_text("x = 1\n")

    assert error_of("app.py").hint == "write `app = App()` in it"


def test_something_else_than_an_app_is_told(folder):
    (folder / "app.py").write_text("app = 7\n")

    assert error_of("app.py").what == "app has no App named 'app', it is a int"


def test_a_module_that_raises_names_the_line(folder):
    (folder / "app.py").write_text("from gambrel import App\n1 / 0\n")

    error = error_of("app.py")

    assert error.what == "app.py cannot be imported: ZeroDivisionError: division by zero"
    assert error.where == "app.py:2"
    assert "app" not in sys.modules


def test_a_syntax_error_names_its_line(folder):
    (folder / "app.py").write_text("def broken(:\n")

    assert error_of("app.py").where == f"{folder / 'app.py'}:1"


def test_a_module_that_exits_is_told(folder):
    (folder / "app.py").write_text("raise SystemExit(3)\n")

    assert "must not exit" in error_of("app.py").hint


def test_a_missing_package_says_what_to_install(folder):
    (folder / "app.py").write_text("import sqlpudding.orm\n")

    assert "pip install sqlpudding" in error_of("app.py").hint


def test_modules_that_import_each_other_are_told_how_not_to(folder):
    (folder / "app.py").write_text("import shelves2\nfrom gambrel import App\n\napp = App()\n")
    (folder / "shelves2.py").write_text("from app import app\n")

    error = error_of("app.py")

    assert "import each other" in error.hint
    assert error.where == "shelves2.py:1"


def test_an_error_of_ours_inside_the_module_stays_what_it_is(folder):
    (folder / "app.py").write_text(
        "from gambrel import App\n\napp = App(taks=['x'])\napp.build()\n"
    )

    assert error_of("app.py").code.startswith("settings.")


def test_a_factory_that_raises_is_told_like_a_module(folder):
    (folder / "app.py").write_text("def build():\n    return {}['x']\n")

    error = error_of("app.py:build")

    assert (error.code, error.where) == ("cli.import-failed", "app.py:2")


@pytest.mark.parametrize(
    ("target", "file", "what"),
    [
        ("shop.py", "shop.py", "there is no file or module 'shop.py'"),
        ("shop.py:app", "shop.py", "there is no file or module 'shop.py'"),
        (".", "app.py", "the folder '.' has no app.py"),
    ],
)
def test_a_target_that_is_not_there_is_told_without_running_any(folder, target, file, what):
    with pytest.raises(GambrelError) as caught:
        check_target(target)

    (folder / file).write_text("1 / 0")
    check_target(target)
    check_target("some.module")
    assert (caught.value.code, caught.value.what) == ("cli.no-target", what)
