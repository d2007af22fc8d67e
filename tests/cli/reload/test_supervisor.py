import importlib.util
import signal
from pathlib import Path

from gambrel.cli.reload.supervisor import forget_bytecode, names, sigint_ignored


def test_changed_files_are_named_on_one_line():
    assert names({Path("a/b.py")}) == "b.py"
    assert names({Path(f"{n}.py") for n in "dacbe"}) == "a.py, b.py, c.py and 2 more"


def test_compiled_files_of_what_has_changed_are_removed(folder):
    compiled = Path(importlib.util.cache_from_source(str(folder / "app.py")))
    compiled.parent.mkdir()
    compiled.write_bytes(b"old")

    forget_bytecode({folder / "app.py", folder / "never.py", folder / ".env"})

    assert not compiled.exists()


def test_sigint_is_ignored_for_a_moment_only():
    before = signal.getsignal(signal.SIGINT)

    with sigint_ignored():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN

    assert signal.getsignal(signal.SIGINT) is before
