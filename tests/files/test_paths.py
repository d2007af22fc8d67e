import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.files.paths import list_beneath, open_beneath, open_regular, safe_parts

HOSTILE = [
    "", "/", ".", "..", "../x", "../S-secret/k", "/etc/passwd", "//etc/passwd", "a//b", "a/",
    "a/../../x", "....//x", "..;/x", "a/./b", "..\\x", "a\\b", "C:/x", "C:\\x", "C:x",
    "//server/share", "\\\\server\\share", "a\0.css", "a\r\n", "a\x7f", "CON", "con", "nul.txt",
    "css/AUX", "COM1", "COM\N{SUPERSCRIPT ONE}", "lpt9.log", "CON .css", "CON.", "conin$",
    "a.css::$DATA", "a.css:s", "a.css.", "a.css ", ".git/config", ".env", "css/.env",
    "x\u202egpj.exe", "n" * 256, "n/" * 2_100 + "n", "~", "%2e%2e/x", "\udcff",
]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "S"
    (root / "css").mkdir(parents=True)
    (root / "css" / "a.css").write_text("body")
    (root / ".env").write_text("SECRET")
    (root / "css" / ".env").write_text("SECRET")
    (tmp_path / "S-secret").mkdir()
    (tmp_path / "S-secret" / "k").write_text("SECRET")
    (tmp_path / "x").write_text("SECRET")
    (root / "out").symlink_to(tmp_path / "x")
    (root / "outside").symlink_to(tmp_path / "S-secret")
    (root / "in").symlink_to(root / "css" / "a.css")
    os.mkfifo(root / "fifo")
    return root


def read(descriptor: int) -> str:
    with os.fdopen(descriptor) as file:
        return file.read()


@pytest.mark.parametrize("name", ["css/a.css"])
def test_a_file_beneath_the_root_is_opened(root: Path, name: str) -> None:
    assert read(open_beneath(root, name)) == "body"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_not_there(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        open_beneath(root, name)


@pytest.mark.parametrize("name", ["out", "outside/k", "in", "css", "fifo", "css/missing", "in/x"])
def test_links_folders_and_devices_are_not_there(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        open_beneath(root, name)

    assert str(caught.value) == "no such file"


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(root)

    assert read(open_beneath(tmp_path / "current", "css/a.css")) == "body"


@given(st.text("./\\a:\0 ", max_size=12))
def test_no_combination_of_dots_and_slashes_is_a_safe_name(name: str) -> None:
    try:
        parts = safe_parts(name)
    except FileNotFoundError:
        return

    assert parts
    assert all(part.strip(". ") == part and part for part in parts)


def test_without_directory_descriptors_links_lead_nowhere_either(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gambrel.files.paths._HAS_DIR_FD", False)

    assert read(open_beneath(root, "css/a.css")) == "body"
    for name in ("out", "outside/k", "in", "css", "missing"):
        with pytest.raises(FileNotFoundError):
            open_beneath(root, name)


def test_a_folder_swapped_for_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (root / "d").mkdir()
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            (root / "d").rename(root / "kept")
            (root / "d").symlink_to(tmp_path / "S-secret")
            (root / "d").unlink()
            (root / "kept").rename(root / "d")

    swapper = threading.Thread(target=swap)
    swapper.start()
    opened = 0
    for _ in range(2_000):
        try:
            os.close(open_beneath(root, "d/k"))
            opened += 1
        except FileNotFoundError:
            pass
    stop.set()
    swapper.join()

    assert opened == 0


def test_descriptors_are_not_leaked(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0

    for name in ("css/missing", "css", "fifo", "outside/k", "a/b/c"):
        with pytest.raises(FileNotFoundError):
            open_beneath(root, name)

    after = len(list(Path("/proc/self/fd").iterdir())) if before else 0
    assert after == before


def test_the_applications_own_file_may_be_anywhere(root: Path) -> None:
    assert read(open_regular(root / "in")) == "body"


@pytest.mark.parametrize("name", ["css", "fifo", "missing"])
def test_what_is_no_file_is_not_opened(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(root / name)


def test_the_one_hidden_folder_is_seen_where_that_was_asked_for():
    name = ".well-known/security.txt"

    assert safe_parts(name, well_known=True) == [".well-known", "security.txt"]
    for hidden in (
        ".well-known",
        ".well-known/.x",
        "a/.well-known/b",
        ".git/config",
        ".well-known/",
    ):
        with pytest.raises(FileNotFoundError):
            safe_parts(hidden, well_known=True)
    with pytest.raises(FileNotFoundError):
        safe_parts(name)


def test_a_folder_is_listed_without_what_is_hidden_linked_or_no_file(root: Path) -> None:
    (root / "list" / "deep").mkdir(parents=True)
    (root / "list" / "a.txt").write_text("12")
    (root / "list" / ".hidden").touch()
    (root / "list" / "link.txt").symlink_to(root / "list" / "a.txt")
    (root / "list" / "out").symlink_to("/etc")
    os.mkfifo(root / "list" / "fifo")

    assert sorted(one[:2] for one in list_beneath(root, "list")) == [
        ("a.txt", False),
        ("deep", True),
    ]
    assert next(one.size for one in list_beneath(root, "list") if one.name == "a.txt") == 2
    for name in ("list/out", "list/a.txt", "..", "nowhere", "/etc", ".git"):
        with pytest.raises(FileNotFoundError):
            list_beneath(root, name)
