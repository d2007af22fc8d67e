import ast

import pytest

from gambrel import GambrelError
from gambrel.db.migrations.writing.drafts import Draft
from gambrel.db.migrations.writing.files import id_of, text_of, write


def test_a_revision_is_numbered_and_called_as_one_says(small):
    folder = small.project.folders[-1]
    assert id_of(small.history, folder, "Heroes & teams!") == "0001_heroes_teams"

    small.write("0007_a")
    assert id_of(small.history, folder, "ß") == "0008_migration"
    long = id_of(small.history, folder, "a name that is longer than a column can hold")
    assert len(long) <= 32
    assert not long.endswith("_")


def test_a_file_is_never_written_over(small):
    folder = small.project.folders[-1]
    write(folder, "0001_a", "first")

    with pytest.raises(FileExistsError):
        write(folder, "0001_a", "second")


def test_a_file_has_what_it_needs_and_no_more():
    draft = Draft(up=['    op.drop_table("a")'], down=[], depends_on=["x"])

    text = text_of("0002_b", "no more a", ["0001_a"], draft, more={"replaces": "z"})

    assert text == (
        '"""No more a."""\n\nfrom alembic import op\n\nrevision = "0002_b"\n'
        'down_revision = "0001_a"\ndepends_on = "x"\nreplaces = "z"\n\n\n'
        'def upgrade() -> None:\n    op.drop_table("a")\n'
    )


def test_long_imports_have_a_line_for_each_name():
    draft = Draft(up=["    f()"], names={f"name_{n}" for n in range(12)}, types={"TEXT", "Moment"})

    text = text_of("0001_a", "a", [], draft)

    assert "import (\n    name_0,\n" in text
    assert "from gambrel.db import TEXT, Moment\n" in text
    assert all(len(line) <= 88 for line in text.splitlines())
    ast.parse(text)


def test_an_id_that_there_is_is_refused(small):
    small.write("0001_a")
    (small.folder / "0001_a.py").rename(small.folder / "first.py")
    folder = small.project.folders[-1]

    with pytest.raises(GambrelError):
        id_of(small.history, folder, "a")


def test_whatever_it_is_called_it_is_a_file_of_python():
    text = text_of("0001_a", 'x\\" """; 1 / 0', [], Draft())

    assert ast.get_docstring(ast.parse(text)) == "X/' '''; 1 / 0."
