from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.i18n.tools.extract import files_below, gather

SOURCE = """
from gambrel.i18n import gettext as _, lazy_pgettext, ngettext, npgettext

# Translators: shown above the list
title = _("Title")
count = ngettext("%(num)s car", "%(num)s cars", n)
month = lazy_pgettext("month", "May")
stars = npgettext("hotel", "%(num)s star", "%(num)s stars", n)
same = _("Title")
dynamic = _(name)
"""


def site(folder: Path) -> Path:
    for name in (
        "app.py",
        "pages/views.py",
        "venv/x.py",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        ".hidden/x.py",
        "tests/x.py",
        "test_a.py",
    ):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(SOURCE if name == "app.py" else f"_('of {name}')")
    return folder


def test_texts_of_files_below_are_found_with_place_context_and_comment(tmp_path):
    catalog = gather(site(tmp_path), [])

    found = {(m.id, m.context): m for m in catalog if m.id}
    assert set(found) == {
        ("Title", None),
        (("%(num)s car", "%(num)s cars"), None),
        ("May", "month"),
        (("%(num)s star", "%(num)s stars"), "hotel"),
        ("of pages/views.py", None),
    }
    title = found[("Title", None)]
    assert title.locations == [("app.py", 5), ("app.py", 9)]
    assert title.auto_comments == ["shown above the list"]


def test_functions_are_known_under_other_names(tmp_path):
    source = "from gambrel.i18n import lazy_gettext as later, Locale as L, npgettext as np\n"
    (tmp_path / "app.py").write_text(source + "a = later('A')\nnp('x', 'B', 'C', 1)\nL('D')\n")

    assert {m.id for m in gather(tmp_path, []) if m.id} == {"A", ("B", "C")}


def test_a_file_that_is_no_python_is_told(tmp_path):
    (tmp_path / "bad.py").write_text("a = 1\ndef (:\n")

    with pytest.raises(GambrelError) as told:
        gather(tmp_path, [])
    assert (told.value.code, told.value.where) == ("i18n.source", f"{tmp_path}/bad.py:2")


def test_what_is_installed_hidden_or_a_test_is_not_looked_at(tmp_path):
    files = [path.relative_to(tmp_path).as_posix() for path in files_below(site(tmp_path))]

    assert files == ["app.py", "pages/views.py"]


def test_texts_of_others_are_added(tmp_path):
    others = [
        (str(tmp_path / "templates" / "a.html"), 3, "gettext", ("Title",)),
        ("/elsewhere/b.html", 4, "ngettext", ("one", "many", None)),
        ("b.html", 5, "pgettext", ("month", "May")),
        ("b.html", 6, "npgettext", ("hotel", "star", "stars", None)),
        ("b.html", 7, "_", (None,)),
        ("b.html", 8, "ngettext", ("one", None, None)),
    ]
    catalog = gather(tmp_path, others)

    found = {(m.id, m.context): m.locations for m in catalog if m.id}
    assert found == {
        ("Title", None): [("templates/a.html", 3)],
        (("one", "many"), None): [("b.html", 4)],
        ("May", "month"): [("b.html", 5)],
        (("star", "stars"), "hotel"): [("b.html", 6)],
    }
