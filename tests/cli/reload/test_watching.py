import builtins
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gambrel.cli.reload.watching import changes, is_shown, is_watched, poll


def touch(path: Path, text: str = "x = 1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def first_change(found: Iterator[set[Path]]) -> set[Path]:
    """Return the first set that is not empty."""
    return next(changed for changed in found if changed)


def watch_while(found: Iterator[set[Path]], *writes: Path) -> set[Path]:
    """Let the watcher begin, write files, and return what it finds."""
    assert next(found) == set()
    for path in writes:
        touch(path)
    return first_change(found)


def test_polling_finds_what_is_new_changed_or_gone(folder):
    touch(folder / "old.py")
    touch(folder / "gone.py")
    found = poll([folder], lambda: False, tick=0.01)

    assert next(found) == set()
    touch(folder / "pkg" / "new.py")
    assert first_change(found) == {folder / "pkg" / "new.py"}
    touch(folder / "old.py", "x = 22\n")
    assert first_change(found) == {folder / "old.py"}
    (folder / "gone.py").unlink()
    assert first_change(found) == {folder / "gone.py"}


def test_polling_ends_when_it_is_asked_to(folder):
    assert list(poll([folder], lambda: True, tick=0.01)) == []


def test_watchfiles_finds_what_is_written(folder):
    pytest.importorskip("watchfiles")

    changed = watch_while(changes([folder.resolve()], lambda: False), folder / "new.py")

    assert {path.name for path in changed} == {"new.py"}


def test_what_was_in_a_folder_before_it_was_watched_is_found(folder, monkeypatch):
    watchfiles = pytest.importorskip("watchfiles")

    def late(*_folders: Path, watch_filter, **_options: object) -> Iterator[set]:
        yield set()
        seen = [(watchfiles.Change.added, str(folder / name)) for name in ("templates", ".git")]
        yield {one for one in seen if watch_filter(*one)}

    monkeypatch.setattr(watchfiles, "watch", late)

    changed = watch_while(
        changes([folder.resolve()], lambda: False),
        folder / "templates" / "page.html",
        folder / ".git" / "hook.py",
    )

    assert changed == {folder / "templates" / "page.html"}


def test_without_watchfiles_files_are_polled(folder, monkeypatch):
    imported = builtins.__import__

    def without(name: str, *args: object) -> object:
        if name == "watchfiles":
            raise ImportError(name)
        return imported(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)

    changed = watch_while(changes([folder], lambda: False), folder / "new.py")

    assert changed == {folder / "new.py"}


def test_what_is_saved_before_the_watcher_looks_is_found(folder):
    touch(folder / "app.py")
    found = changes([folder.resolve()], lambda: False)

    touch(folder / "app.py", "x = 22\n")

    assert {path.name for path in first_change(found)} == {"app.py"}


def test_the_first_file_of_an_empty_folder_is_found_before_the_watcher_looks(folder):
    found = changes([folder.resolve()], lambda: False)

    touch(folder / "app.py")

    assert {path.name for path in next(found)} == {"app.py"}


def test_settings_of_the_working_directory_are_watched_too(folder, monkeypatch):
    touch(folder / "src" / "app.py")
    found = changes([folder / "src"], lambda: False)

    assert next(found) == set()
    touch(folder / ".env", "GAMBREL_DEBUG=1\n")
    assert first_change(found) == {folder / ".env"}


@pytest.mark.parametrize(
    "name",
    [
        "app.py",
        "pkg/shop.py",
        "gambrel.toml",
        "pyproject.toml",
        ".env",
        "pkg/__init__.py",
        "locales/de/LC_MESSAGES/messages.po",
        "templates/page.html",
        "static/site.css",
        "static/logo.SVG",
    ],
)
def test_what_an_app_is_made_of_is_watched(folder, name):
    assert is_watched(folder / name, [folder])


@pytest.mark.parametrize(
    "name",
    [
        ".app.py.swp",
        ".#app.py",
        "#app.py#",
        "app.py~",
        "app.pyc",
        ".page.html.swp",
        "instance/media/kept.html",
        "shop.db",
        ".git/hooks/a.py",
        ".venv/lib/a.py",
        "__pycache__/a.py",
        "node_modules/a/a.py",
        "venv/lib/site-packages/a.py",
    ],
)
def test_what_is_not_the_apps_own_is_not(folder, name):
    assert not is_watched(folder / name, [folder])


def test_a_folder_inside_a_skipped_one_can_be_watched_by_name():
    folder = Path(os.sep, "home", "me", ".work", "shop")

    assert is_watched(folder / "app.py", [folder])


def test_templates_and_static_files_need_no_new_process():
    shown = [
        name for name in ("a.html", "a.css", "a.py", ".env", "a.po", "a.toml") if is_shown(name)
    ]

    assert shown == ["a.html", "a.css"]
