"""Changes to a Python file by the positions of its syntax tree: every other byte stays as it is.

`add_extension` puts a call into the one list of `App(extensions=[...])`, and the import it needs.
What cannot be changed without guessing is refused.
"""

import ast
from collections.abc import Iterable, Iterator

from gambrel import GambrelError
from gambrel.cli.projects.text import Text, indent_of, is_plain

__all__ = ["add_extension", "add_import", "apps_of", "import_of", "one_app", "refused"]

_APPS = {"gambrel.App", "gambrel.defaults.App"}


def add_extension(source: str, file: str, call: str, home: str, width: int = 88) -> str:
    """Return the file with `call`, of the module `home`, as the last of its app's extensions.

    A file that has it already is returned as it is. `width` is the longest line.

    Raises:
        GambrelError: There is not one app, or its extensions are not a list that stands here.
    """
    text = Text(source, file)
    [app] = one_app(text)
    name = call.partition("(")[0]
    given = given_list(text, app)
    if given is not None and any(called(text, item) == name for item in given.elts):
        return source
    if given is None:
        text.insert(text.after_opening(app), f"extensions=[{call}]{', ' if app.keywords else ''}")
    elif not given.elts:
        text.replace(given, f"[{call}]")
    else:
        last = given.elts[-1]
        apart = last.lineno != given.lineno
        text.insert(text.end(last), f",\n{indent_of(text, last)}{call}" if apart else f", {call}")
    add_import(text, home, name, width)
    return exploded(text.changed(), file, width)


def one_app(text: Text) -> list[ast.Call]:
    """Return the call that makes the app. Raises GambrelError where there is not one."""
    found = list(apps_of(text.tree))
    if len(found) != 1:
        how = "no App(...)" if not found else f"{len(found)} calls of App(...)"
        raise refused(text.file, 1, f"there is {how} in {text.file}", "name the file of one app")
    return found


def apps_of(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that make apps."""
    names = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if names.get(called, called) in _APPS:
                yield node


def given_list(text: Text, app: ast.Call) -> ast.List | None:
    """Return the list of extensions; None where none is given. Raises GambrelError."""
    [*given] = [keyword.value for keyword in app.keywords if keyword.arg == "extensions"]
    if not given:
        if app.args or any(keyword.arg is None for keyword in app.keywords):
            what = "the arguments of App(...) are not all named here"
            raise refused(text.file, app.lineno, what, "write extensions=[...] into it")
        return None
    value = given[0]
    if isinstance(value, ast.Name):
        value = text.assigned(value.id) or value
    if not isinstance(value, ast.List):
        what = f"the extensions are {ast.unparse(value)}, which is no list that stands here"
        raise refused(text.file, value.lineno, what, "write them as a list: extensions=[...]")
    return value


def called(text: Text, item: ast.expr) -> str:
    """Return the name of what makes an extension: the class, also of a variable."""
    if isinstance(item, ast.Name):
        item = text.assigned(item.id) or item
    if isinstance(item, ast.Call):
        return ast.unparse(item.func).rpartition(".")[2]
    return ""


def add_import(text: Text, home: str, name: str, width: int) -> None:
    """Import a name: beside others of its module, or in the order of modules."""
    imports = [node for node in text.tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    same = [node for node in imports if isinstance(node, ast.ImportFrom) and node.module == home]
    if any(alias.name == name and alias.asname is None for node in same for alias in node.names):
        return
    for node in same:
        if is_plain(text, node) and not any(alias.name == "*" for alias in node.names):
            names = [ast.unparse(alias) for alias in node.names]
            text.replace(node, import_of(home, [*names, name], width))
            return
    ours = [
        node
        for node in imports
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "gambrel"
    ]
    before = [node for node in ours if (node.module or "") < home]
    if before:
        text.insert(text.end(before[-1]), f"\n{import_of(home, [name], width)}")
    elif ours:
        text.insert(text.start(ours[0]), f"{import_of(home, [name], width)}\n")
    else:
        text.insert(text.end(imports[-1]), f"\n{import_of(home, [name], width)}")


def import_of(home: str, names: Iterable[str], width: int) -> str:
    """Return an import as a formatter writes it: constants first, then classes, then functions."""
    ordered = sorted(
        set(names), key=lambda name: (not name.isupper(), name[:1].islower(), name.lower())
    )
    line = f"from {home} import {', '.join(ordered)}"
    if len(line) <= width:
        return line
    return f"from {home} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def exploded(source: str, file: str, width: int) -> str:
    """Return the file with a call of App(...), or its list, that is too long a line in several."""
    text = Text(source, file)
    [app] = one_app(text)
    given = given_list(text, app)
    assert given is not None  # it was put in, if it was not there
    line = text.lines[given.lineno - 1]
    in_one_line = given.lineno == given.end_lineno
    if len(line.rstrip("\n")) <= width or not in_one_line or not is_plain(text, app):
        return source
    outer = line[: len(line) - len(line.lstrip())]
    inner = f"{outer}    "
    if app.lineno != app.end_lineno or given.lineno != app.lineno:
        items = "".join(f"{inner}{text.of(item)},\n" for item in given.elts)
        text.replace(given, f"[\n{items}{outer}]")
        return text.changed()
    parts = [argument(text, keyword, inner, width) for keyword in app.keywords]
    end = ",\n" if len(parts) > 1 else "\n"
    body = f",\n{inner}".join(parts)
    text.replace(app, f"{text.of(app.func)}(\n{inner}{body}{end}{outer})")
    return text.changed()


def argument(text: Text, keyword: ast.keyword, indent: str, width: int) -> str:
    """Return an argument in a line of its own, a long list with a line for each of its values."""
    whole = f"{keyword.arg}={text.of(keyword.value)}" if keyword.arg else text.of(keyword)
    if len(indent + whole) < width or not isinstance(keyword.value, ast.List):
        return whole
    items = "".join(f"{indent}    {text.of(item)},\n" for item in keyword.value.elts)
    return f"{keyword.arg}=[\n{items}{indent}]"


def refused(file: str, line: int, what: str, hint: str) -> GambrelError:
    """Return the error for what only a person can change."""
    return GambrelError("projects.unclear", what, f"{file}:{line}", hint)
