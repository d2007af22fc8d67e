"""A single file as a package: the app, its routes, its tests and its folders, each in its place.

`splitting.py` makes two files of one; here the rest of the project follows: tests go to `tests/`,
folders beside the app go with it, and commands in files that `gambrel new` has written name the
package.
"""

import ast
import re
from collections.abc import Mapping

from msgspec import Struct

from gambrel.cli.projects.source import import_of
from gambrel.cli.projects.splitting import Split, split
from gambrel.cli.projects.text import Text

__all__ = ["FOLDERS", "MODULES", "Growth", "grow"]

MODULES = {"api": "routes", "site": "pages"}
FOLDERS = ("locales", "migrations", "static", "templates")
_ROW = re.compile(r"^\| `app\.py` \|.*\n", re.MULTILINE)
_TESTS = re.compile(r"^\| `test_app\.py` \|.*\n", re.MULTILINE)


class Growth(Struct, frozen=True):
    """The files of the project afterwards, and folders that get another place."""

    files: dict[str, str]
    moves: dict[str, str]

    @property
    def to_look_at(self) -> list[str]:
        """The files that ask where they are, which is another folder now."""
        return [path for path, text in self.files.items() if "/" in path and "__file__" in text]


def grow(
    files: Mapping[str, str],
    folders: tuple[str, ...],
    names: tuple[str, str],
    package: str,
    module: str,
    width: int = 88,
) -> Growth:
    """Return a project as a package.

    `files` are its files by their paths, `folders` those beside the app. `names` are what the
    module of the app is called now, as tests import it.

    Raises:
        GambrelError: The app cannot be told from its routes.
    """
    made = split(files["app.py"], "app.py", package, module, width)
    after: dict[str, str] = {
        f"{package}/__init__.py": f'"""{package.replace("_", " ").capitalize()}."""\n',
        f"{package}/app.py": made.app,
        f"{package}/{module}.py": made.routes,
    }
    for path, text in files.items():
        if re.fullmatch(r"test_\w+\.py", path):
            after[f"tests/{path}"] = reimported(text, path, names, package, module, made, width)
        elif path == "conftest.py":
            after[path] = reimported(text, path, names, package, module, made, width)
        elif path != "app.py":
            after[path] = renamed(text, path, package, module)
    return Growth(after, {folder: f"{package}/{folder}" for folder in folders})


def reimported(
    source: str,
    file: str,
    names: tuple[str, str],
    package: str,
    module: str,
    made: Split,
    width: int,
) -> str:
    """Return a test that imports what it needs from where it is now."""
    text = Text(source, file)
    for node in ast.walk(text.tree):
        if isinstance(node, ast.ImportFrom) and node.module in names and not node.level:
            moved = [ast.unparse(alias) for alias in node.names if alias.name in made.moved]
            stays = [ast.unparse(alias) for alias in node.names if alias.name not in made.moved]
            lines = [import_of(f"{package}.app", stays, width)] if stays else []
            lines += [import_of(f"{package}.{module}", moved, width)] if moved else []
            text.replace(node, "\n".join(lines))
        elif isinstance(node, ast.Import) and any(alias.name in names for alias in node.names):
            aliases = {alias.name: alias.asname for alias in node.names}
            if len(aliases) == 1 and set(aliases) == {"app"}:
                name = aliases["app"]
                text.replace(node, f"from {package} import app{f' as {name}' if name else ''}")
    return text.changed()


def renamed(text: str, path: str, package: str, module: str) -> str:
    """Return a file in which commands are told the package, and no longer the file."""
    if path == "README.md":
        row = f"| `{package}/app.py` | the extensions the app is made of, and its parts |\n"
        text = _ROW.sub(f"{row}| `{package}/{module}.py` | the routes |\n", text)
        text = _TESTS.sub("| `tests/` | its tests |\n", text)
    if path == "pyproject.toml":
        text = re.sub(
            r'^(gambrel_app = ")app\.py(:\w+)?"', rf'\1{package}"', text, flags=re.MULTILINE
        )
    told = r'(\bgambrel(?:", "| )(?:--app )?(?:[a-z]+(?:", "| ))+)app\.py\b'
    return re.sub(told, rf"\1{package}", text)
