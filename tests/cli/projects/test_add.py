import pytest

APP = "from gambrel import App\n\napp = App()\n"


@pytest.fixture
def project(folder):
    (folder / "app.py").write_text(APP)
    return folder


def test_the_diff_is_shown_and_applied_with_yes(gambrel, project):
    result = gambrel("add", "db", "--yes")

    assert result.exit_code == 0
    assert "+app = App(extensions=[Database(" in result.output
    assert "Next: pip install 'gambrel[db]'" in result.output
    assert "extensions=[Database(" in (project / "app.py").read_text()
    assert (project / "migrations" / "README.md").is_file()


def test_twice_changes_nothing(gambrel, project):
    gambrel("add", "forms", "--yes")
    text = (project / "app.py").read_text()

    result = gambrel("add", "forms", "--yes")

    assert (result.exit_code, result.output) == (0, "forms is there already: nothing to do.\n")
    assert (project / "app.py").read_text() == text


def test_without_an_answer_nothing_is_changed(gambrel, project):
    result = gambrel("add", "forms")

    assert result.exit_code == 1
    assert (project / "app.py").read_text() == APP


def test_the_app_is_that_of_the_project(gambrel, folder):
    (folder / "shed").mkdir()
    (folder / "shed" / "app.py").write_text(APP)
    option = '[tool.pytest.ini_options]\ngambrel_app = "shed"\n'
    (folder / "pyproject.toml").write_text(option)

    gambrel("add", "templates", "--yes")

    assert "Templates()" in (folder / "shed" / "app.py").read_text()
    assert (folder / "shed" / "templates" / "base.html").is_file()


def test_what_it_cannot_change_it_leaves(gambrel, project):
    (project / "app.py").write_text("from gambrel import App\n\napp = App(extensions=more())\n")

    result = gambrel("add", "forms", "--yes")

    assert result.exit_code == 1
    assert "[projects.unclear]" in result.stderr


@pytest.mark.parametrize(("args", "code"), [(["roof"], 2), (["forms", "nowhere.py"], 1)])
def test_what_is_not_there_is_refused(gambrel, folder, args, code):
    assert gambrel("add", *args).exit_code == code
