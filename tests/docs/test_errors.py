"""Every error code has its page in `docs/errors/`, and every page its code."""

import ast
import re

from tests.architecture.source import Source, sources
from tests.docs.pages import DOCS

CODE = re.compile(r"[a-z]+(\.[a-z0-9]+(-[a-z0-9]+)*)+")


def codes(source: Source) -> list[ast.expr]:
    """Return the first argument of each `GambrelError(...)` in a file."""
    return [
        node.args[0]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and node.args
        and ast.unparse(node.func).rpartition(".")[2] == "GambrelError"
    ]


def is_code(code: ast.expr) -> bool:
    """Say whether it is a code written out, or that of an error told again with its place."""
    if isinstance(code, ast.Attribute):
        return code.attr == "code"
    return isinstance(code, ast.Constant) and CODE.fullmatch(str(code.value)) is not None


def all_codes() -> set[str]:
    return {
        code.value
        for source in sources()
        for code in codes(source)
        if isinstance(code, ast.Constant)
    }


def test_error_codes_are_words_written_out_where_they_are_raised():
    odd = [
        f"{source.name}:{code.lineno} {ast.unparse(code)}"
        for source in sources()
        for code in codes(source)
        if not is_code(code)
    ]

    assert odd == []


def test_every_error_code_has_its_page_and_every_page_its_code():
    written = {page.stem for page in (DOCS / "errors").glob("*.md")} - {"index"}

    assert written == all_codes()


def test_every_error_page_is_listed():
    listed = (DOCS / "errors" / "index.md").read_text(encoding="utf-8")

    assert [code for code in sorted(all_codes()) if f"({code}.md)" not in listed] == []
