"""The package as text: its files, what of them is code, and the functions and classes within."""

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "gambrel"
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of the package."""

    path: Path

    @property
    def name(self) -> str:
        """Return the path below `src/gambrel`, as exceptions list it."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def module(self) -> str:
        """Return the dotted name."""
        parts = ("gambrel", *self.path.relative_to(PACKAGE).with_suffix("").parts)
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def code(self) -> frozenset[int]:
        """Return the numbers of the lines that are neither docstring, comment nor blank."""
        lines: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
            if token.type not in SILENT:
                lines.update(range(token.start[0], token.end[0] + 1))
        for node in ast.walk(self.tree):
            if is_text(node):
                lines.difference_update(range(node.lineno, node.end_lineno + 1))
        return frozenset(lines)

    def size(self, node: ast.stmt) -> int:
        """Count the code lines of a function or class, its decorators left out."""
        return len(self.code.intersection(range(node.lineno, node.end_lineno + 1)))

    @cached_property
    def definitions(self) -> list[tuple[str, ast.stmt]]:
        """Return each function and class with its dotted name within the file."""
        return list(named(self.tree))

    def functions(self) -> Iterator[tuple[str, Function]]:
        """Yield each function with its dotted name."""
        for name, node in self.definitions:
            if isinstance(node, Function):
                yield name, node

    def classes(self) -> Iterator[tuple[str, ast.ClassDef]]:
        """Yield each class with its dotted name."""
        for name, node in self.definitions:
            if isinstance(node, ast.ClassDef):
                yield name, node


def is_text(node: ast.AST) -> bool:
    """Say whether a statement is a string alone: the docstring of what is before or around it."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def named(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Walk the definitions below a node; none stands in an expression."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function | ast.ClassDef):
            name = f"{prefix}{node.name}"
            yield name, node
            yield from named(node, f"{name}.")
        elif not isinstance(node, ast.expr):
            yield from named(node, prefix)


source_at = cache(Source)
"""A file is read and parsed once, however many tests look at it."""


def sources(below: str = "") -> list[Source]:
    """Return every file of the package, or of one folder of it."""
    return [source_at(path) for path in sorted((PACKAGE / below).rglob("*.py"))]


def batteries() -> list[str]:
    """Return every folder that can be deleted: all but the foundation and the roof."""
    kept = {"conversion", "settings", "core", "frames", "headers", "cli", "testing", "__pycache__"}
    return sorted(
        folder.name for folder in PACKAGE.iterdir() if folder.is_dir() and folder.name not in kept
    )
