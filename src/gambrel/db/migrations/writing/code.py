"""Python code laid out as formatters do it: double quotes, and a line each where it gets long.

Alembic says what a migration does; here it becomes a text that one likes to read.
"""

import ast

__all__ = ["formatted"]

WIDTH = 88
_INDENT = "    "


def formatted(code: str, width: int = WIDTH) -> str:
    """Return statements (calls, and `with` blocks of them) as the body of a function."""
    return "\n".join(line for node in ast.parse(code).body for line in lines_of(node, 1, width))


def lines_of(node: ast.stmt, indent: int, width: int) -> list[str]:
    """Return the lines of a statement."""
    if isinstance(node, ast.With):
        item = node.items[0]
        name = f" as {ast.unparse(item.optional_vars)}" if item.optional_vars else ""
        head = layout(item.context_expr, f"{_INDENT * indent}with ", f"{name}:", width)
        return [
            *head,
            *(line for inner in node.body for line in lines_of(inner, indent + 1, width)),
        ]
    if isinstance(node, ast.Expr):
        return layout(node.value, _INDENT * indent, "", width)
    return [_INDENT * indent + ast.unparse(node)]


def layout(node: ast.expr, before: str, after: str, width: int) -> list[str]:
    """Return an expression in one line, or with a line for each of its parts."""
    line = f"{before}{flat(node)}{after}"
    parts = parts_of(node)
    if len(line) <= width or not parts:
        return [line]
    opening, closing = brackets(node)
    outer = " " * (len(before) - len(before.lstrip()))
    inner = outer + _INDENT
    joined = ", ".join(name + flat(value) for name, value in parts)
    if len(inner + joined) <= width and isinstance(node, ast.Call):
        return [before + opening, inner + joined, f"{outer}{closing}{after}"]
    lines = [before + opening]
    comma = "," if len(parts) > 1 or not isinstance(node, ast.Call) else ""
    for name, value in parts:
        lines += layout(value, inner + name, comma, width)
    return [*lines, f"{outer}{closing}{after}"]


def parts_of(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """Return what stands between the brackets of an expression, with names of keywords."""
    if isinstance(node, ast.Call):
        named = [(f"{word.arg}=", word.value) for word in node.keywords]
        return [*(("", one) for one in node.args), *named]
    if isinstance(node, ast.List | ast.Tuple):
        return [("", one) for one in node.elts]
    return []


def brackets(node: ast.expr) -> tuple[str, str]:
    """Return what an expression opens and closes with."""
    if isinstance(node, ast.Call):
        return f"{flat(node.func)}(", ")"
    return ("[", "]") if isinstance(node, ast.List) else ("(", ")")


def flat(node: ast.expr) -> str:
    """Return an expression in one line."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return quoted(node.value)
    if isinstance(node, ast.Attribute):
        return f"{flat(node.value)}.{node.attr}"
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return "{" + ", ".join(f"{flat(k)}: {flat(v)}" for k, v in pairs if k) + "}"
    if isinstance(node, ast.Call | ast.List | ast.Tuple):
        opening, closing = brackets(node)
        inner = ", ".join(name + flat(value) for name, value in parts_of(node))
        comma = "," if isinstance(node, ast.Tuple) and len(node.elts) == 1 else ""
        return f"{opening}{inner}{comma}{closing}"
    return ast.unparse(node)


def quoted(text: str) -> str:
    """Return a text in double quotes, unless it has some and no single ones."""
    plain = repr(text)
    if plain.startswith("'") and '"' not in text:
        return '"' + plain[1:-1].replace("\\'", "'") + '"'
    return plain
