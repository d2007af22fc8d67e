"""Which templates a handler answers with, and what it gives them: read from its source, for checks.

`Template("name", {"title": ...})` says which names there are; so does a typed value, where its type
can be told: `Page(...)`, a parameter or variable with an annotation, a call whose function has one.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.templates.page import fields_of
from gambrel.templates.response import Template

__all__ = ["Call", "calls_of"]


class Call(Struct, frozen=True):
    """One `Template(...)` in a handler.

    `given` are the names of its values, `kind` their type; both None where nobody can tell.
    """

    name: str
    where: str
    given: set[str] | None
    kind: type | None = None


def calls_of(handler: Callable[..., Any]) -> Iterator[Call]:
    """Yield each `Template(...)` that is written in a handler with its name."""
    function = inspect.unwrap(handler)
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return
    space = Space(function, tree)
    file = inspect.getsourcefile(function)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and space.meaning(node.func) is Template):
            continue
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "context")]
        if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
            names, kind = space.context(given[1] if len(given) > 1 else None)
            yield Call(given[0].value, f"{file}:{first + node.lineno - 1}", names, kind)


class Space:
    """What names mean in a handler: those of its module, and its annotated parameters."""

    def __init__(self, function: Any, tree: ast.AST) -> None:
        self.names: Mapping[str, Any] = getattr(function, "__globals__", {})
        self.types = dict(hints_of(function))
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.types[node.target.id] = self.meaning(node.annotation)

    def context(self, written: ast.expr | None) -> tuple[set[str] | None, type | None]:
        """Return the names that a written context has, and its type, None where nobody can tell."""
        if written is None or (isinstance(written, ast.Constant) and written.value is None):
            return set(), None
        if isinstance(written, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in written.keys]
            return (None if None in keys else {str(key) for key in keys}), None
        kind = self.type_of(written)
        try:
            return (set(fields_of(kind)), kind) if isinstance(kind, type) else (None, None)
        except GambrelError:
            return None, None

    def type_of(self, written: ast.expr) -> Any:
        """Return the type of an expression, None where it cannot be told."""
        if isinstance(written, ast.Name):
            return plain(self.types.get(written.id))
        if isinstance(written, ast.Await):
            return self.type_of(written.value)
        if not isinstance(written, ast.Call):
            return None
        called = self.meaning(written.func)
        if called is None and isinstance(written.func, ast.Attribute):
            owner = self.type_of(written.func.value)
            called = None if owner is None else getattr(owner, written.func.attr, None)
        return called if isinstance(called, type) else plain(hints_of(called).get("return"))

    def meaning(self, written: ast.expr) -> Any:
        """Return what a dotted name means in the module, None where it means nothing there."""
        if isinstance(written, ast.Name):
            return None if written.id in self.types else self.names.get(written.id)
        if isinstance(written, ast.Attribute):
            owner = self.meaning(written.value)
            return None if owner is None else getattr(owner, written.attr, None)
        return None


def plain(annotation: Any) -> Any:
    """Return the type inside `Annotated`, or the type itself."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def hints_of(function: Any) -> Mapping[str, Any]:
    """Return the evaluated annotations of a function; none where there are none to read."""
    try:
        return get_type_hints(function)
    except (NameError, TypeError, AttributeError):
        return {}
