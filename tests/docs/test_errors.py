"""Every error code has its page in `docs/errors/`, and every page its code."""

import ast
import re

from tests.architecture.source import Source, sources
from tests.docs.pages import DOCS

CODE = re.compile(r"[a-z][a-z0-9]*(\.[a-z0-9]+(-[a-z0-9]+)*)+")


def raised(source: Source) -> list[ast.expr]:
    """Return the first argument of each `GambrelError(...)` in a file."""
    return [
        node.args[0]
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and node.args
        and ast.unparse(node.func).rpartition(".")[2] == "GambrelError"
    ]


def codes(source: Source, argument: ast.expr) -> set[str]:
    """Return the codes an argument may be: written there, or assigned to its name in the file."""
    values = [argument]
    if isinstance(argument, ast.Name):
        values = [
            node.value
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == argument.id
        ]
    texts = [node for value in values for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return {text.value for text in texts if CODE.fullmatch(str(text.value))}


def all_codes() -> set[str]:
    return {
        code
        for source in sources()
        for argument in raised(source)
        for code in codes(source, argument)
    }


def test_error_codes_are_words_written_out_where_they_are_raised():
    told_again = "error.code"
    odd = [
        f"{source.name}:{argument.lineno} {ast.unparse(argument)}"
        for source in sources()
        for argument in raised(source)
        if not codes(source, argument) and ast.unparse(argument) != told_again
    ]

    assert odd == []


def test_every_error_code_has_its_page_and_every_page_its_code():
    written = {page.stem for page in (DOCS / "errors").glob("*.md")} - {"index"}

    assert written == all_codes()


def test_every_error_page_is_listed():
    listed = (DOCS / "errors" / "index.md").read_text(encoding="utf-8")

    assert [code for code in sorted(all_codes()) if f"({code}.md)" not in listed] == []
