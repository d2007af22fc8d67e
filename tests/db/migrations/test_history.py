import os

import pytest

from gambrel import GambrelError
from gambrel.db.migrations.folders import MigrationFolder
from gambrel.db.migrations.history import checksum


def ids(revisions) -> list[str]:
    return [one.id for one in revisions]


def diamond(small) -> None:
    small.write("0001_a")
    small.write("0002_b")
    small.write("0003_c", before="0001_a")
    small.write("0004_d", before=("0002_b", "0003_c"))


def test_revisions_come_in_their_order(small):
    small.write("z", before=None)
    small.write("a", before="z")

    assert ids(small.history.ordered) == ["z", "a"]
    assert ids(small.history.of("app")) == ["z", "a"]
    assert small.history.head("app").id == "a"


def test_without_a_folder_there_are_none(small):
    assert small.history.ordered == []
    assert small.history.head("app") is None


def test_what_comes_before_is_found_over_branches(small):
    diamond(small)

    history = small.history

    assert history.closure(["0004_d"]) == {"0001_a", "0002_b", "0003_c", "0004_d"}
    assert ids(history.pending(["0002_b"])) == ["0003_c", "0004_d"]
    assert ids(history.pending([], "0003_c")) == ["0001_a", "0003_c"]
    assert ids(history.undone(["0004_d"], ["0002_b"])) == ["0004_d", "0003_c"]


def test_a_revision_is_found_by_how_it_begins(small):
    diamond(small)

    assert small.history.find("0003").id == "0003_c"
    for text, what in (("00", "several"), ("9", "no revision"), ("", "no revision")):
        with pytest.raises(GambrelError, match=what) as caught:
            small.history.find(text)
        assert "0004_d" in caught.value.hint


def test_folders_of_extensions_come_first_and_are_depended_on(small, tmp_path):
    place = tmp_path / "accounts"
    small.others = [MigrationFolder("accounts", place)]
    small.write("accounts_0001", folder=place, before=None)
    small.write("0001_hero", before=None, more='depends_on = "accounts_0001"\n')

    history = small.history

    assert ids(history.ordered) == ["accounts_0001", "0001_hero"]
    assert history.by_id["0001_hero"].parents == ["accounts_0001"]
    assert ids(history.undone(["0001_hero"], [], "accounts")) == ["0001_hero", "accounts_0001"]


def test_what_a_file_says_of_itself_is_read(small):
    small.write("0001_a", down=None, more='phase = "contract"\naccepted = ["drop"]\n')

    found = small.history.by_id["0001_a"]

    assert (found.is_contract, found.is_reversible, found.accepted) == (True, False, {"drop"})
    assert (found.text, found.replaces) == ("0001_a.", "")


@pytest.mark.parametrize(
    "code", ["", "revision = '1'", "this is no python", "import nowhere", "revision: str = 1"]
)
def test_a_file_that_is_no_migration_is_told(small, code):
    small.folder.mkdir()
    (small.folder / "0001_a.py").write_text(code + "\n")

    with pytest.raises(GambrelError) as caught:
        _ = small.history

    assert caught.value.code == "db.migration-file"


def test_a_missing_file_is_told(small):
    small.write("0002_b", before="0001_a")

    with pytest.raises(GambrelError, match="cannot be read") as caught:
        _ = small.history

    assert "restore it" in caught.value.hint


def test_a_file_that_was_changed_within_a_second_is_read_anew(small):
    path = small.write("0001_a", more="accepted = ['one']")
    first = small.history.by_id["0001_a"].accepted
    moment = path.stat().st_mtime_ns
    path.write_text(path.read_text().replace("'one'", "'two'"))
    os.utime(path, ns=(moment, moment))

    assert (first, small.history.by_id["0001_a"].accepted) == ({"one"}, {"two"})
    assert [one.name for one in small.folder.iterdir()] == ["0001_a.py"]


def test_layout_does_not_change_a_checksum_and_code_does():
    code = 'x = f("a", 1)\n\n\ndef g():\n    return x\n'
    same = "# why\nx = f(\n    'a',\n    1,  # one\n)\n\ndef g():\n\n    return x\n"

    assert checksum(code) == checksum(same)
    assert checksum(code) != checksum(code.replace("1", "2"))
    assert checksum("if a:\n    b\nc\n") != checksum("if a:\n    b\n    c\n")


def test_texts_with_values_in_them_are_told_apart_too():
    first, same, other = (
        checksum(f"x = {one}") for one in ('f"a{b}"', 'f"a{b}"  # same', 'f"{b}"')
    )

    assert first == same != other
