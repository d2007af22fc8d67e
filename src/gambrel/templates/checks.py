"""What `gambrel check` says of templates: each is compiled, and what handlers give is compared.

Read are the files and the source of handlers; nothing is rendered.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, get_type_hints

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from msgspec import structs

from gambrel.checks import Level, Problem
from gambrel.forgotten import hint_for_name
from gambrel.templates.assets import FOLDER
from gambrel.templates.components import UNKNOWN, faults_of
from gambrel.templates.environment import TemplateEnvironment
from gambrel.templates.handlers import calls_of
from gambrel.templates.names import is_escaped, nearest
from gambrel.templates.translated import messages_in
from gambrel.templates.typed import types_of, unknown_attributes

__all__ = ["names_given_by", "problems_of"]

REFERENCES = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
PLAIN = (nodes.Name, nodes.Getattr, nodes.Getitem)
LINK = re.compile(r"""\s(href|src|action|formaction|xlink:href)\s*=\s*["']?$""", re.IGNORECASE)
"""The end of what stands before a value that begins an address."""
_OPTIONAL_FILTERS = {"default", "d"}
_OPTIONAL_TESTS = {"defined", "undefined"}


Doubt = Callable[[str], Problem | None]
"""Return what is wrong with a text that a template writes out: `static("sight.css")`."""


def problems_of(
    environment: TemplateEnvironment,
    handlers: Iterable[tuple[Callable[..., Any], set[str] | None]],
    doubts: Mapping[str, Doubt],
) -> Iterator[Problem]:
    """Yield what is wrong with the templates, and with what the handlers give them.

    With each handler come the names that its pages have besides, None where nobody knows them.
    `doubts` look at what a template calls, by its name.
    """
    book = Book(environment)
    yield from book.faults
    yield from book.dangling()
    yield from book.misused()
    yield from book.doubted(doubts)
    yield from book.overridden()
    for handler, common in handlers:
        for call in calls_of(handler):
            if call.name not in book.trees:
                yield missing(call.name, nearest(call.name, book.trees), call.where)
                continue
            if call.given is not None and common is not None:
                yield from book.unknown(call.name, call.given | common, call.where)
            if call.kind is not None:
                yield from book.mistyped(call.name, types_of(call.kind), call.where)


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
            if environment.engine_of(name) is None:
                self.read(name)
            else:
                self.trees[name] = nodes.Template([])

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

    def messages(self) -> Iterator[tuple[str, int, str, tuple[str | None, ...]]]:
        """Yield file, line, function and arguments of the texts that are to be translated."""
        for name, tree in self.trees.items():
            for line, function, arguments in messages_in(tree):
                yield self.files.get(name, name), line, function, arguments

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

    def doubted(self, doubts: Mapping[str, Doubt]) -> Iterator[Problem]:
        """Yield calls of what every page has, such as `url`, with a text that is wrong."""
        for name, tree in self.trees.items():
            own = names_set_in(tree)
            for call in tree.find_all(nodes.Call):
                given = call.args[0] if call.args else None
                if not isinstance(call.node, nodes.Name) or not isinstance(given, nodes.Const):
                    continue
                doubt = None if call.node.name in own else doubts.get(call.node.name)
                problem = None if doubt is None else doubt(str(given.value))
                if problem is not None:
                    yield structs.replace(problem, where=f"{self.files[name]}:{call.lineno}")

    def unescaped(self) -> Iterator[Problem]:
        """Yield where a template leaves a value as it is."""
        for name, tree in self.trees.items():
            if not is_escaped(name):
                continue
            for line, code, what, hint in open_places(tree):
                yield Problem(code, what, hint, f"{self.files[name]}:{line}", Level.INFO)

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
        for variable, file, line in sorted(set(self.wanted(name)), key=str):
            if variable not in known:
                what = f"{variable!r} in {file}:{line} is given by nobody"
                hint = hint_for_name(variable) or nearest(variable, given)
                hint = hint or f"give it, or write `{variable} | default(...)`"
                yield Problem("templates.unknown-name", what, hint, where, Level.WARNING)

    def mistyped(self, name: str, types: dict[str, Any], where: str) -> Iterator[Problem]:
        """Yield the attributes that typed values of a template do not have."""
        for file in sorted(self.reached(name)):
            for line, attribute, kind in unknown_attributes(self.trees[file], types):
                place = f"{self.files[file]}:{line}"
                what = f"a {kind.__name__} has no {attribute!r}, which {place} shows"
                hint = nearest(attribute, types_of(kind))
                yield Problem("templates.unknown-name", what, hint, where, Level.WARNING)

    def reached(self, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        """Return a template with all that it extends or includes by name."""
        if name in seen or name not in self.trees:
            return set()
        found = {name}
        inner: Iterator[Any] = self.trees[name].find_all((nodes.Extends, nodes.Include))
        for node in inner:
            for other in constants(node.template):
                found |= self.reached(other, seen | found)
        return found

    def wanted(self, name: str) -> Iterator[tuple[str, str, int]]:
        """Yield the names that a template needs, and what it extends or includes, with places."""
        for file in self.reached(name):
            tree = self.trees[file]
            free = find_undeclared_variables(tree) - optional_names(tree) - names_for_blocks(tree)
            for node in tree.find_all(nodes.Name):
                if node.name in free and node.ctx == "load":
                    yield node.name, self.files[file], node.lineno


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


def open_places(tree: nodes.Template) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, code, what and hint of what a page does not escape, or does not look at."""
    hint = "no input may get here: else drop `| safe`"
    for marked in tree.find_all(nodes.Filter):
        if marked.name == "safe":
            yield marked.lineno, "templates.safe", "a value is not escaped", hint
    hint = "no input may get there: else rename it to end in .html"
    used: Iterator[Any] = tree.find_all(REFERENCES)
    for node in used:
        for name in constants(node.template):
            if not is_escaped(name):
                what = f"{name!r} is plain text, and not escaped in this page"
                yield node.lineno, "templates.safe", what, hint
    hint = "write `| href`, unless it is no input: a link may begin with `javascript:`"
    for output in tree.find_all(nodes.Output):
        for before, node in pairwise(output.nodes):
            if isinstance(node, PLAIN) and isinstance(before, nodes.TemplateData):
                found = LINK.search(before.data)
                if found:
                    what = f"{found[1]}= is given a value whose scheme nobody looks at"
                    yield node.lineno, "templates.link", what, hint


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


def names_set_in(tree: nodes.Template) -> set[str]:
    """Return the names that a template gives a meaning of its own."""
    found = {node.name for node in tree.find_all(nodes.Name) if node.ctx != "load"}
    found |= {macro.name for macro in tree.find_all(nodes.Macro)}
    found |= {imported.target for imported in tree.find_all(nodes.Import)}
    for imports in tree.find_all(nodes.FromImport):
        found |= {name if isinstance(name, str) else name[1] for name in imports.names}
    return found


def names_for_blocks(tree: nodes.Template) -> set[str]:
    """Return the names that a template imports, defines or sets for its blocks to use."""
    imports = (nodes.Import, nodes.FromImport, nodes.Assign, nodes.AssignBlock)
    found = names_set_in(nodes.Template([one for one in tree.body if isinstance(one, imports)]))
    return found | {one.name for one in tree.body if isinstance(one, nodes.Macro)}


def optional_names(tree: nodes.Template) -> set[str]:
    """Return the names that a template asks for itself whether they are there."""
    asked = [f.node for f in tree.find_all(nodes.Filter) if f.name in _OPTIONAL_FILTERS]
    asked += [t.node for t in tree.find_all(nodes.Test) if t.name in _OPTIONAL_TESTS]
    return {node.name for node in asked if isinstance(node, nodes.Name)}


def names_given_by(processors: Iterable[Callable[..., Any]]) -> set[str] | None:
    """Return the names that context functions give, by their annotations; None if one has none."""
    names: set[str] = set()
    for process in processors:
        try:
            names |= get_type_hints(get_type_hints(process)["return"]).keys()
        except (KeyError, TypeError, NameError):
            return None
    return names
