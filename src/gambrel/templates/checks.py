"""What `gambrel check` says of templates: each is compiled, and what handlers give is compared.

Read are the files and the source of handlers; nothing is rendered. A handler that writes
`Template("name", {"title": ...})`, or a typed value, tells which names its template has.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_type_hints

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from gambrel.checks import Level, Problem
from gambrel.core.http.errors import GambrelError
from gambrel.templates.assets import FOLDER
from gambrel.templates.components import UNKNOWN, faults_of
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.names import nearest
from gambrel.templates.page import fields_of
from gambrel.templates.response import Template

__all__ = ["names_given_by", "problems_of"]

REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
_OPTIONAL_FILTERS = {"default", "d"}
_OPTIONAL_TESTS = {"defined", "undefined"}


def problems_of(
    environment: TemplateEnvironment, handlers: Iterable[tuple[Callable[..., Any], set[str] | None]]
) -> Iterator[Problem]:
    """Yield what is wrong with the templates, and with what the handlers give them.

    With each handler come the names that its pages have besides, None where nobody knows them.
    """
    book = Book(environment)
    yield from book.faults
    yield from book.dangling()
    yield from book.misused()
    yield from book.overridden()
    for handler, common in handlers:
        for name, given, where in calls_of(handler):
            if name not in book.trees:
                hint = nearest(name, book.trees)
                yield missing(name, hint, where)
            elif given is not None and common is not None:
                yield from book.unknown(name, given | common, where)


class Book:
    """All templates of an environment, parsed."""

    def __init__(self, environment: TemplateEnvironment) -> None:
        self.environment = environment
        loader: Any = environment.loader
        self.loader = loader
        self.trees: dict[str, nodes.Template] = {}
        self.files: dict[str, str] = {}
        self.faults: list[Problem] = []
        for name in loader.list_templates():
            self.read(name)

    def read(self, name: str) -> None:
        """Parse and compile a template."""
        tree, where = nodes.Template([]), name
        try:
            source, file, _ = self.loader.get_source(self.environment, name)
            self.files[name] = where = file or name
            found = self.environment.parse(source, name, file)
            self.environment.compile(source, name, file)
            tree = found
        except TemplateSyntaxError as error:
            where, what = f"{where}:{error.lineno}", error.message or "it cannot be read"
            self.faults.append(Problem("templates.syntax", what, "", where))
        except UnicodeDecodeError as error:
            self.faults.append(Problem("templates.syntax", f"it is not UTF-8: {error}", "", where))
        self.trees[name] = tree

    def dangling(self) -> Iterator[Problem]:
        """Yield references to templates that are not there."""
        for name, tree in self.trees.items():
            found: Iterator[Any] = tree.find_all(REFERENCES)
            for node in found:
                if isinstance(node, nodes.Include) and node.ignore_missing:
                    continue
                for wanted in constants(node.template):
                    if wanted not in self.trees:
                        where = f"{self.files[name]}:{node.lineno}"
                        yield missing(wanted, nearest(wanted, self.trees), where)

    def misused(self) -> Iterator[Problem]:
        """Yield components that are not there, or are given what they do not take."""
        for name, tree in self.trees.items():
            for line, used, given in uses_of(tree):
                where, file = f"{self.files[name]}:{line}", f"{FOLDER}{used}.html"
                if file not in self.trees:
                    yield missing(file, nearest(file, self.trees), where)
                    continue
                props = self.environment.props.get(file)
                for what, hint in () if props is None else faults_of(props, given):
                    yield Problem("templates.component", f"{file}: {what}", hint, where)

    def unescaped(self) -> Iterator[Problem]:
        """Yield where a template leaves a value as it is."""
        for name, tree in self.trees.items():
            for node in tree.find_all(nodes.Filter):
                if node.name == "safe":
                    what, hint = (
                        "a value is not escaped",
                        "no input may get here: else drop `| safe`",
                    )
                    where = f"{self.files[name]}:{node.lineno}"
                    yield Problem("templates.safe", what, hint, where, Level.INFO)

    def overridden(self) -> Iterator[Problem]:
        """Yield which templates stand before those of others."""
        for name, places in self.loader.owners().items():
            if len({place.by for place in places}) > 1:
                others = ", ".join(place.by for place in places[1:])
                what = f"{name!r} of {places[0].by} stands before that of {others}"
                yield Problem("templates.overridden", what, "", str(places[0]), Level.INFO)

    def unknown(self, name: str, given: set[str], where: str) -> Iterator[Problem]:
        """Yield the names that a template uses and nobody gives."""
        known = given | self.environment.globals.keys()
        for variable, file, line in sorted(self.wanted(name, set()), key=str):
            if variable not in known:
                what = f"{variable!r} in {file}:{line} is given by nobody"
                hint = nearest(variable, given) or f"give it, or write `{variable} | default(...)`"
                yield Problem("templates.unknown-name", what, hint, where, Level.WARNING)

    def wanted(self, name: str, seen: set[str]) -> set[tuple[str, str, int]]:
        """Return the names that a template needs, and what it extends or includes, with places."""
        if name in seen or name not in self.trees:
            return set()
        seen.add(name)
        tree = self.trees[name]
        free = find_undeclared_variables(tree) - optional_names(tree)
        found = {
            (node.name, self.files[name], node.lineno)
            for node in tree.find_all(nodes.Name)
            if node.name in free and node.ctx == "load"
        }
        inner: Iterator[Any] = tree.find_all((nodes.Extends, nodes.Include))
        for node in inner:
            for other in constants(node.template):
                found |= self.wanted(other, seen)
        return found


def uses_of(tree: nodes.Template) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield line, name and properties of the components that a template uses by name.

    A property that is no constant is `UNKNOWN`.
    """
    for block in tree.find_all(nodes.CallBlock):
        tag = block.call.node
        if not isinstance(tag, nodes.ExtensionAttribute) or tag.name != "render":
            continue
        name, given = block.call.args[0], block.call.args[1]
        if isinstance(name, nodes.Const) and isinstance(given, nodes.Dict):
            values = {pair.key.as_const(): constant(pair.value) for pair in given.items}
            yield block.lineno, name.value, values


def constant(expression: nodes.Expr) -> Any:
    """Return the value of an expression, `UNKNOWN` where only a page knows it."""
    return expression.value if isinstance(expression, nodes.Const) else UNKNOWN


def missing(name: str, hint: str, where: str) -> Problem:
    """The problem of a template that is not there."""
    return Problem("templates.not-found", f"there is no template {name!r}", hint, where)


def constants(expression: nodes.Expr) -> Iterator[str]:
    """Yield the names of templates that an expression writes out."""
    if isinstance(expression, nodes.Const) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, nodes.List | nodes.Tuple):
        for item in expression.items:
            yield from constants(item)


def optional_names(tree: nodes.Template) -> set[str]:
    """Return the names that a template asks for itself whether they are there."""
    asked = [f.node for f in tree.find_all(nodes.Filter) if f.name in _OPTIONAL_FILTERS]
    asked += [t.node for t in tree.find_all(nodes.Test) if t.name in _OPTIONAL_TESTS]
    return {node.name for node in asked if isinstance(node, nodes.Name)}


# Handlers --------------------------------------------------------------------------------------


def calls_of(handler: Callable[..., Any]) -> Iterator[tuple[str, set[str] | None, str]]:
    """Yield name, names of values (None: not known) and place of each `Template(...)` written."""
    function = inspect.unwrap(handler)
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return
    space = getattr(function, "__globals__", {})
    file = inspect.getsourcefile(function)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and looked_up(node.func, space) is Template):
            continue
        given = [*node.args, *(k.value for k in node.keywords if k.arg == "context")]
        if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
            names = names_of(given[1] if len(given) > 1 else None, space)
            yield given[0].value, names, f"{file}:{first + node.lineno - 1}"


def names_of(context: ast.expr | None, space: dict[str, Any]) -> set[str] | None:
    """Return the names that a written context has; None where that cannot be read."""
    if context is None or (isinstance(context, ast.Constant) and context.value is None):
        return set()
    if isinstance(context, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in context.keys]
        return None if None in keys else {str(key) for key in keys}
    kind = looked_up(context.func, space) if isinstance(context, ast.Call) else None
    try:
        return set(fields_of(kind)) if isinstance(kind, type) else None
    except GambrelError:
        return None


def looked_up(expression: ast.expr, space: dict[str, Any]) -> Any:
    """Return what a dotted name means in a module, None where it means nothing there."""
    if isinstance(expression, ast.Name):
        return space.get(expression.id)
    if isinstance(expression, ast.Attribute):
        return getattr(looked_up(expression.value, space), expression.attr, None)
    return None


def names_given_by(processors: Iterable[Callable[..., Any]]) -> set[str] | None:
    """Return the names that context functions give, by their annotations; None if one has none."""
    names: set[str] = set()
    for process in processors:
        try:
            names |= get_type_hints(get_type_hints(process)["return"]).keys()
        except (KeyError, TypeError, NameError):
            return None
    return names
