"""One file, one test file: `src/gambrel/core/http/url.py` and `tests/core/http/test_url.py`.

A large subject may add `test_url_<aspect>.py`.
"""

from pathlib import Path

from tests.architecture.source import PACKAGE, ROOT, Source, sources

TESTS = ROOT / "tests"
# Suites that test more than one file of the package.
ACROSS = {"architecture", "conformance", "docs", "faults", "integration", "third_party", "typing"}
# Of tools that are not in the package.
ACROSS |= {"benchmarks"}


def has_code(source: Source) -> bool:
    """Say whether a file does anything, beyond importing, naming and documenting."""
    return any(True for _ in (*source.functions(), *source.classes()))


def mirrors(source: Source) -> list[Path]:
    folder = TESTS / source.path.relative_to(PACKAGE).parent
    stem = f"test_{source.path.stem.strip('_')}"
    return [*folder.glob(f"{stem}.py"), *folder.glob(f"{stem}_*.py")]


def test_every_file_with_code_has_its_test_file():
    missing = [
        source.name
        for source in sources()
        if source.path.stem != "__init__" and has_code(source) and not mirrors(source)
    ]

    assert missing == []


def test_every_test_file_has_its_source():
    known = {path for source in sources() for path in mirrors(source)}
    strays = [
        path.relative_to(ROOT).as_posix()
        for path in sorted(TESTS.rglob("test_*.py"))
        if path not in known and path.relative_to(TESTS).parts[0] not in ACROSS
    ]

    assert strays == []
