import stat

import pytest

from gambrel import GambrelError
from gambrel.cli.projects.changes import Change, apply, differences, offer, show


def test_what_is_alike_is_no_change():
    found = differences({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "x", "d": "4"})

    assert [(one.path, one.before, one.after) for one in found] == [
        ("b", "2", "x"),
        ("c", "3", None),
        ("d", None, "4"),
    ]


def test_files_are_made_changed_and_removed(tmp_path):
    (tmp_path / "b").write_text("2")
    (tmp_path / "c").write_text("3")

    apply(tmp_path, differences({"b": "2", "c": "3"}, {"b": "x", "deep/d": "4"}))

    assert (tmp_path / "b").read_text() == "x"
    assert not (tmp_path / "c").exists()
    assert (tmp_path / "deep" / "d").read_text() == "4"


def test_a_secret_is_its_owners_and_a_script_can_be_run(tmp_path):
    apply(tmp_path, differences({}, {".env": "KEY=1\n", "deploy/deploy.sh": "#!/bin/sh\n"}))

    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600
    assert (tmp_path / "deploy" / "deploy.sh").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(("before", "there"), [(None, "mine"), ("old", "newer"), ("old", None)])
def test_what_is_not_known_is_not_overwritten(tmp_path, before, there):
    if there is not None:
        (tmp_path / "a").write_text(there)

    with pytest.raises(GambrelError, match=r"projects\.file-exists"):
        apply(tmp_path, [Change("b", None, "1"), Change("a", before, "after")])

    assert not (tmp_path / "b").exists()


def test_a_diff_is_shown_and_an_empty_file_too(capsys):
    show([Change("a", "1\n", "2\n"), Change("empty", None, "")])

    out = capsys.readouterr().out
    assert "--- a\n+++ a\n" in out
    assert "-1\n+2\n" in out
    assert "+++ empty" in out


def test_who_does_not_say_yes_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("click.confirm", lambda *_args, **_options: False)

    assert not offer(tmp_path, [Change("a", None, "1")], yes=False)
    assert not (tmp_path / "a").exists()
    assert offer(tmp_path, [Change("a", None, "1")], yes=True)
    assert (tmp_path / "a").exists()
