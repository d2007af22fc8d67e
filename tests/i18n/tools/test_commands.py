from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from gambrel.testing import run_command

APP = """
from gambrel import App
from gambrel.i18n import I18n, gettext as _
from gambrel.templates import Templates

app = App(extensions=[Templates(), I18n("en", "de", "ar")])


@app.get("/")
async def index() -> str:
    return _("Hello %(name)s!", name="Ann")
"""
PAGE = '{% trans %}Good day{% endtrans %} {{ pgettext("month", "May") }} {{ _("Hello %(name)s!") }}'


@pytest.fixture
def run(tmp_path):
    """Run `gambrel i18n …` on an app with a template."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(PAGE)

    def run(*arguments: str):
        return run_command(["i18n", *arguments, "--app", str(tmp_path / "app.py")])

    return run


def catalog(folder: Path, name: str):
    with (folder / "locales" / name / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return read_po(stream)


def test_texts_of_code_and_templates_are_collected(run, tmp_path):
    result = run("extract")

    assert result.exit_code == 0, result.stderr
    with (tmp_path / "locales" / "messages.pot").open("rb") as stream:
        found = {(m.id, m.context): m.locations for m in read_po(stream) if m.id}
    assert found == {
        ("Hello %(name)s!", None): [("app.py", 11), ("templates/page.html", 1)],
        ("Good day", None): [("templates/page.html", 1)],
        ("May", "month"): [("templates/page.html", 1)],
    }


def test_a_language_is_begun_once(run, tmp_path):
    assert run("init", "de", "ar").exit_code == 0

    assert catalog(tmp_path, "ar").num_plurals == 6
    assert {m.id for m in catalog(tmp_path, "de") if m.id} == {"Hello %(name)s!", "Good day", "May"}
    again = run("init", "de")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)


def test_an_update_keeps_what_is_translated_and_guesses_nothing(run, tmp_path):
    run("init", "de")
    file = tmp_path / "locales" / "de" / "LC_MESSAGES" / "messages.po"
    text = file.read_text("utf-8").replace(
        'msgid "Good day"\nmsgstr ""', 'msgid "Good day"\nmsgstr "Guten Tag"'
    )
    file.write_text(text, "utf-8")

    before = file.stat().st_mtime_ns
    assert "as before" in run("update").stdout
    assert file.stat().st_mtime_ns == before
    (tmp_path / "templates" / "page.html").write_text(
        "{{ _('Good days') }} {% trans %}Good day{% endtrans %}"
    )
    run("update", "de")

    found = {m.id: m.string for m in catalog(tmp_path, "de") if m.id}
    assert found == {"Good day": "Guten Tag", "Good days": "", "Hello %(name)s!": ""}
    assert "#~ msgctxt" in file.read_text("utf-8")


def test_what_is_compiled_stands_beside(run, tmp_path):
    run("init", "de")
    result = run("compile")

    mo = tmp_path / "locales" / "de" / "LC_MESSAGES" / "messages.mo"
    assert mo.is_file()
    assert str(mo) in result.stdout
    assert not list(tmp_path.rglob("*.part"))


def test_check_says_what_is_wrong_and_fails(run, tmp_path):
    run("init", "de", "ar")
    fine = run("check")
    file = tmp_path / "locales" / "de" / "LC_MESSAGES" / "messages.po"
    text = file.read_text("utf-8").replace(
        'msgid "Hello %(name)s!"\nmsgstr ""', 'msgid "Hello %(name)s!"\nmsgstr "Hallo %(nmae)s!"'
    )
    file.write_text(text, "utf-8")
    wrong = run("check")

    assert (fine.exit_code, "i18n.untranslated" in fine.stdout) == (0, True)
    assert wrong.exit_code == 1
    assert "error [i18n.placeholder]" in wrong.stdout
    assert f"where: {file}:" in wrong.stdout


def test_check_says_that_nothing_is_wrong(run, tmp_path):
    (tmp_path / "templates" / "page.html").write_text("")
    run("init", "de", "ar")
    for name, text in (("de", "Hallo"), ("ar", "مرحبا")):
        file = tmp_path / "locales" / name / "LC_MESSAGES" / "messages.po"
        both = 'msgid "Hello %(name)s!"\nmsgstr '
        file.write_text(
            file.read_text("utf-8").replace(both + '""', f'{both}"{text} %(name)s"'), "utf-8"
        )

    assert run("check").stdout == "nothing is wrong with the catalogs\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["init"], "no language was named"),
        (["init", "xx"], "'xx' is no locale"),
        (["update", "fr"], "gambrel i18n init fr"),
        (["compile", "fr"], "gambrel i18n init fr"),
    ],
)
def test_what_cannot_be_done_is_told(run, arguments, told):
    result = run(*arguments)

    assert result.exit_code == 1
    assert told in result.stderr


def test_an_app_without_a_folder_is_told_to_name_one(run, tmp_path):
    (tmp_path / "app.py").write_text(APP.replace('"ar")', '"ar", folders=())'))

    result = run("extract")
    assert (result.exit_code, "i18n.no-folder" in result.stderr) == (1, True)


def test_texts_of_scripts_have_catalogs_of_their_own(run, tmp_path):
    (tmp_path / "static").mkdir()
    script = tmp_path / "static" / "app.js"
    script.write_text('alert(gettext("Sure?")); ngettext("%(num)s a", "%(num)s b", n);')
    (tmp_path / "static" / "node_modules").mkdir()
    (tmp_path / "static" / "node_modules" / "x.js").write_text('gettext("theirs")')
    run("init", "de")

    with (tmp_path / "locales" / "de" / "LC_MESSAGES" / "scripts.po").open("rb") as stream:
        found = {m.id: m.locations for m in read_po(stream) if m.id}
    assert found == {
        "Sure?": [("static/app.js", 1)],
        ("%(num)s a", "%(num)s b"): [("static/app.js", 1)],
    }
    assert "Sure?" not in {m.id for m in catalog(tmp_path, "de")}
    script.write_text('gettext("Really?")')
    run("update")
    run("compile")
    assert "Really?" in (tmp_path / "locales/de/LC_MESSAGES/scripts.po").read_text("utf-8")
    assert (tmp_path / "locales/de/LC_MESSAGES/scripts.mo").is_file()


def test_translators_may_work_in_a_spreadsheet(run, tmp_path):
    run("init", "de", "ar")
    run("export", "de")
    table = tmp_path / "locales" / "de" / "LC_MESSAGES" / "messages.csv"
    text = table.read_text("utf-8").replace(",Good day,,", ",Good day,,Guten Tag")
    table.write_text(text, "utf-8")
    result = run("import")

    assert f"{table}: 1 new translations" in result.stdout
    assert {m.id: m.string for m in catalog(tmp_path, "de")}["Good day"] == "Guten Tag"
    assert run("import", "ar").exit_code == 1
