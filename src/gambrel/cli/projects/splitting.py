"""One file in two: the app and what is about it, and the routes with all they need.

A handler is moved as it stands, decorators and comments included. What speaks of the app otherwise
stays with it, and so does whatever needs that; so neither file imports the other in a circle.
"""

import ast
from collections.abc import Iterable, Iterator

from msgspec import Struct

from gambrel.cli.projects.source import add_import, import_of, one_app, refused
from gambrel.cli.projects.text import Text, is_plain

__all__ = ["Piece", "Split", "split"]

ROUTER = "from gambrel import Router"
VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "query", "websocket", "route"}
_BLOCKS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Piece(Struct, frozen=True):
    """A statement with the comments above it, the names it makes, and those it asks for."""

    node: ast.stmt
    text: str
    makes: frozenset[str]
    uses: frozenset[str]


class Split(Struct, frozen=True):
    """The two files, and the names that have moved."""

    app: str
    routes: str
    moved: frozenset[str]


def split(source: str, file: str, package: str, module: str, width: int = 88) -> Split:
    """Return the file of an app as two: `package.app`, and `package.module` with the routes.

    Raises:
        GambrelError: There is not one app in a variable, or no route that can be moved.
    """
    text = Text(source, file)
    name = app_name(text)
    pieces, imports, head = cut(text)
    made = [piece for piece in pieces if name in piece.makes]
    if len(made) != 1:
        what = f"{name} is assigned {len(made)} times"
        raise refused(file, 1, what, "assign it once")
    stays = staying(pieces, name)
    moves = [piece for piece in pieces if piece not in stays]
    handlers = [piece for piece in moves if name in piece.uses]
    if not handlers:
        what = f"no route of {file} can be moved: each needs what is about the app itself"
        raise refused(file, 1, what, "move by hand what `gambrel grow` cannot tell apart")
    moved = frozenset().union(*(piece.makes for piece in moves))
    routes = routes_of(text, imports, moves, name, width)
    app = app_of(text, imports, head, stays, made[0], moved, (package, module, name), width)
    return Split(app, routes, moved)


def app_name(text: Text) -> str:
    """Return the variable of the app. Raises GambrelError where it is in none of the module."""
    [call] = one_app(text)
    for node in text.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is call:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                return targets[0].id
    what = "the app is not made in a variable of the module"
    hint = "a function that makes an app is what `gambrel grow` leads to: nothing is to be done"
    raise refused(text.file, call.lineno, what, hint)


def cut(text: Text) -> tuple[list[Piece], list[ast.Import | ast.ImportFrom], str]:
    """Return the statements with what stands above them, the imports, and the docstring."""
    pieces: list[Piece] = []
    imports: list[ast.Import | ast.ImportFrom] = []
    head, last = "", 0
    for node in text.tree.body:
        first, end = text.first_line(node), node.end_lineno or node.lineno
        if first <= last:
            what = "two statements are in one line"
            raise refused(text.file, node.lineno, what, "give each a line of its own")
        above, last = last, end
        if isinstance(node, ast.Import | ast.ImportFrom):
            imports.append(node)
        elif node is text.tree.body[0] and is_text(node):
            head = "".join(text.lines[:end])
        elif pieces and is_text(node):  # what the name above it is for
            about = pieces.pop()
            lines = about.text + "".join(text.lines[above:end])
            pieces.append(Piece(about.node, lines, about.makes, about.uses))
        else:
            lines = "".join(text.lines[above:end])
            pieces.append(Piece(node, lines, frozenset(makes(node)), frozenset(uses(node))))
    return pieces, imports, head


def is_text(node: ast.stmt) -> bool:
    """Say whether a statement is only a text, as docstrings are."""
    value = getattr(node, "value", None)
    return isinstance(node, ast.Expr) and isinstance(getattr(value, "value", None), str)


def makes(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement gives to its module."""
    if isinstance(node, _BLOCKS):
        yield node.name
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, _BLOCKS):
            yield inner.name
        elif isinstance(inner, ast.alias):
            yield (inner.asname or inner.name).partition(".")[0]


def uses(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement asks for, those in quoted annotations included."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        noted = [getattr(inner, "annotation", None), getattr(inner, "returns", None)]
        for annotation in filter(None, noted):
            for part in ast.walk(annotation):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield from quoted(part.value)


def quoted(text: str) -> Iterator[str]:
    """Yield the names in a quoted annotation; none where it is any other text."""
    try:
        yield from uses(ast.parse(text, mode="eval"))
    except SyntaxError:
        return


def is_about_routes(piece: Piece, name: str) -> bool:
    """Say whether a statement speaks of the app only to declare a route: `@app.get(...)`."""
    count = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(piece.node))
    decorators = getattr(piece.node, "decorator_list", [])
    routes = [
        call
        for call in decorators
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and (call.func.value.id, call.func.attr in VERBS) == (name, True)
    ]
    return count == len(routes)


def staying(pieces: list[Piece], name: str) -> list[Piece]:
    """Return what stays with the app: what speaks of it, and what needs that."""
    stays = [
        piece
        for piece in pieces
        if (name in piece.uses and not is_about_routes(piece, name)) or is_main(piece.node)
    ]
    while True:
        held = {made for piece in stays for made in piece.makes} - {name}
        more = [p for p in pieces if p not in stays and held & (p.uses | p.makes)]
        if not more:
            return [piece for piece in pieces if piece in stays]
        stays += more


def is_main(node: ast.stmt) -> bool:
    """Say whether a statement is `if __name__ == "__main__"`."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def routes_of(
    text: Text,
    imports: list[ast.Import | ast.ImportFrom],
    moves: list[Piece],
    name: str,
    width: int,
) -> str:
    """Return the module of the routes."""
    used = frozenset().union(*(piece.uses for piece in moves))
    needed = imports_for(text, imports, used - {"App"}, width)
    start = f'"""The routes; app.py includes them."""\n\n{needed or ROUTER}\n'
    if needed:
        with_router = Text(start, "routes")
        add_import(with_router, "gambrel", "Router", width)
        start = with_router.changed()
    start += f"\n{name} = Router()  # a group of routes; they are declared as before\n"
    return joined(start, moves, is_after_block=False)


def app_of(
    text: Text,
    imports: list[ast.Import | ast.ImportFrom],
    head: str,
    stays: list[Piece],
    made: Piece,
    moved: frozenset[str],
    names: tuple[str, str, str],
    width: int,
) -> str:
    """Return the module of the app."""
    package, module, name = names
    used = frozenset().union(*(piece.uses for piece in stays))
    elsewhere = {made for piece in stays for made in piece.uses}
    start = f"{head}\n" if head else ""
    start += f"{imports_for(text, imports, used, width)}\n\nfrom {package} import {module}\n"
    wanted = sorted(moved & elsewhere)
    if wanted:
        start += f"{import_of(f'{package}.{module}', wanted, width)}\n"
    before = stays[: stays.index(made) + 1]
    result = joined(start, before, is_after_block=False)
    result += f"{name}.include({module}.{name})\n"
    return joined(result, stays[len(before) :], is_after_block=False)


def imports_for(
    text: Text,
    imports: Iterable[ast.Import | ast.ImportFrom],
    used: frozenset[str],
    width: int,
) -> str:
    """Return the imports with the names that are used, apart where they were apart."""
    kept: list[str] = []
    last = 0
    for node in imports:
        names = {(alias.asname or alias.name).partition(".")[0]: alias for alias in node.names}
        here = {name: alias for name, alias in names.items() if name in used or name == "*"}
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if here or is_future:
            apart = last and any(not line.strip() for line in text.lines[last : node.lineno - 1])
            kept.append("\n" if apart else "")
            kept.append(f"{one_import(text, node, here or names, width)}\n")
        last = node.end_lineno or node.lineno
    return "".join(kept).strip("\n")


def one_import(
    text: Text,
    node: ast.Import | ast.ImportFrom,
    names: dict[str, ast.alias],
    width: int,
) -> str:
    """Return an import of some of its names; of all of them as it stands."""
    if len(names) == len(node.names) or not is_plain(text, node):
        return text.of(node)
    told = [ast.unparse(alias) for alias in names.values()]
    if isinstance(node, ast.Import):
        return f"import {', '.join(told)}"
    return import_of("." * node.level + (node.module or ""), told, width)


def joined(start: str, pieces: Iterable[Piece], *, is_after_block: bool) -> str:
    """Return the pieces one after the other, with two empty lines around functions and classes."""
    text = start
    for piece in pieces:
        is_block = isinstance(piece.node, _BLOCKS)
        body = piece.text.lstrip("\n")
        given = len(piece.text) - len(body)
        least = 2 if is_block or is_after_block else 1
        text += "\n" * (least if text == start else max(given, least if least > 1 else 0)) + body
        is_after_block = is_block
    return text
