"""A Python file as text and as a syntax tree, and replacements by positions in it."""

import ast
import io
import tokenize

from gambrel import GambrelError

__all__ = ["Text", "indent_of", "is_plain"]


class Text:
    """A file; `replace` and `insert` take notes, `changed` is the file with them.

    Raises:
        GambrelError: The file is no Python.
    """

    def __init__(self, source: str, file: str) -> None:
        self.source, self.file = source, file
        self.lines = source.splitlines(keepends=True)
        try:
            self.tree = ast.parse(source)
        except SyntaxError as error:
            what = f"{file} is not Python: {error.msg}"
            where = f"{file}:{error.lineno}"
            raise GambrelError("projects.unclear", what, where, "correct the line") from None
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.notes: list[tuple[int, int, str]] = []

    def at(self, line: int, column: int) -> int:
        """Return the place of a position of the tree, which counts bytes."""
        within = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(within)

    def start(self, node: ast.stmt | ast.expr | ast.keyword) -> int:
        """Return where a node begins; a function with its decorators."""
        decorators = getattr(node, "decorator_list", ())
        if decorators:
            return self.source.rindex("@", 0, self.start(decorators[0]))
        return self.at(node.lineno, node.col_offset)

    def first_line(self, node: ast.stmt) -> int:
        """Return the number of the line in which a statement begins, or its decorators do."""
        return self.source.count("\n", 0, self.start(node)) + 1

    def end(self, node: ast.stmt | ast.expr | ast.keyword) -> int:
        """Return where a node ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: PT018
        return self.at(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.stmt | ast.expr | ast.keyword) -> str:
        """Return the text of a node."""
        return self.source[self.start(node) : self.end(node)]

    def after_opening(self, call: ast.Call) -> int:
        """Return the place behind the bracket that opens the arguments of a call."""
        return self.source.index("(", self.end(call.func)) + 1

    def assigned(self, name: str) -> ast.expr | None:
        """Return what a name of the module is, where it is said once and in one way."""
        stores = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ]
        values = [
            node.value
            for node in self.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id == name
        ]
        return values[0] if len(values) == len(stores) == 1 else None

    def insert(self, place: int, text: str) -> None:
        """Note what is put in at a place."""
        self.notes.append((place, place, text))

    def replace(self, node: ast.stmt | ast.expr, text: str) -> None:
        """Note what stands in the place of a node."""
        self.notes.append((self.start(node), self.end(node), text))

    def changed(self) -> str:
        """Return the file with all that was noted."""
        source = self.source
        for start, end, text in sorted(self.notes, reverse=True):
            source = source[:start] + text + source[end:]
        return source


def indent_of(text: Text, node: ast.expr) -> str:
    """Return what a line begins with, before a node that is the first in it."""
    line = text.lines[node.lineno - 1]
    return line[: len(line) - len(line.lstrip())]


def is_plain(text: Text, node: ast.stmt | ast.expr) -> bool:
    """Say whether there is no comment within a node, which writing it anew would lose."""
    piece = f"({text.of(node)}\n)" if isinstance(node, ast.expr) else f"{text.of(node)}\n"
    tokens = tokenize.generate_tokens(io.StringIO(piece).readline)
    return all(token.type != tokenize.COMMENT for token in tokens)
