"""TARGET: which app a command is about: a file, a folder with `app.py`, or `module:attribute`.

Every command calls `load_app` first. What fails in the user's modules is told as theirs.
"""

import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from gambrel import App, GambrelError

__all__ = ["check_target", "file_of", "load_app", "load_module", "root_of", "split_target"]

T = TypeVar("T")
MAKERS = ("build", "create_app", "make_app")

_TARGET = r"(?P<path>.+?)(?::(?P<attribute>[A-Za-z_][\w.]*))?"


def load_app(target: str) -> App:
    """Return the app of `target`: the variable `app`, or what `build` or `create_app` makes.

    Raises:
        GambrelError: There is no such file or module, it does not import, or has no app.
    """
    path, attribute = split_target(target)
    module = load_module(path)
    found = find(module, attribute)
    if inspect.isfunction(found) and not inspect.iscoroutinefunction(found):
        found = attempt(target, found)
    if isinstance(found, App):
        return found
    names = vars(module).items()
    apps = [n for n, value in names if isinstance(value, App) or (n in MAKERS and callable(value))]
    what = f"{module.__name__} has no {'app' if found is None else 'App'} "
    what += f"named {attribute or 'app'!r}"
    if found is not None:
        what += f", it is a {type(found).__name__}"
    raise GambrelError(
        "cli.no-app",
        what,
        str(getattr(module, "__file__", module.__name__)),
        f"name it: `{path}:{apps[0]}`" if apps else "write `app = App()` in it",
    )


def split_target(target: str) -> tuple[str, str]:
    """Return the path (or module) and the attribute, `""` where none is named."""
    match = re.fullmatch(_TARGET, target)
    return (match["path"], match["attribute"] or "") if match else (target, "")


def find(module: ModuleType, attribute: str) -> Any:
    """Return what `attribute` of a module is, or its app, or what makes it; None for nothing."""
    for name in [attribute] if attribute else ["app", *MAKERS]:
        try:
            return attrgetter(name)(module)
        except AttributeError:
            continue
    return None


def file_of(path: str) -> Path | None:
    """Return the file that a path names, None where it is the name of a module."""
    file = Path(path)
    if file.is_dir() and (file / "app.py").is_file():
        return file / "app.py"
    is_module = all(part.isidentifier() for part in path.split("."))
    return None if is_module and file.suffix != ".py" else file


def root_of(path: str) -> Path:
    """Return the folder from which a target is imported: that around its outermost package."""
    file = file_of(path)
    root = Path.cwd() if file is None else file.resolve().parent
    while (root / "__init__.py").is_file() and root != root.parent:
        root = root.parent
    return root


def check_target(target: str) -> None:
    """Refuse a file, or a folder, that is not there; of a module, importing it tells."""
    path, _ = split_target(target)
    file = file_of(path)
    if file is not None and not file.is_file():
        raise no_target(path)


def load_module(path: str) -> ModuleType:
    """Import the file, folder or module that `path` names."""
    file = file_of(path)
    if file is not None:
        return load_file(path, file)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.util.find_spec(path)
    except ModuleNotFoundError as error:
        if error.name is None or not path.startswith(error.name):
            raise failed(path, error) from error
        found = None
    except Exception as error:
        raise failed(path, error) from error
    if found is None:
        raise no_target(path)
    return attempt(path, lambda: importlib.import_module(path))


def load_file(path: str, file: Path) -> ModuleType:
    """Import a file; inside a package, under the package's name, so that its imports work."""
    if not file.is_file():
        raise no_target(path)
    file = file.resolve()
    root = root_of(path)
    parts = [*file.parent.relative_to(root).parts, file.stem]
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    name = ".".join(parts)
    # The name of another module, one of the standard library, say, must stay what it is.
    spare = re.sub(r"\W", "_", f"gambrel_target_{file.stem}")
    for loaded in (sys.modules.get(name), sys.modules.get(spare)):
        if loaded is not None and getattr(loaded, "__file__", None) == str(file):
            return loaded
    if name not in sys.modules and all(map(str.isidentifier, parts)) and leads_to(name, file):
        return attempt(path, lambda: importlib.import_module(name))
    return attempt(path, lambda: execute(spare, file))


def leads_to(name: str, file: Path) -> bool:
    """Tell whether importing a name runs this file."""
    # Not `importlib.invalidate_caches`, which would load all that reads the metadata of packages.
    for finder in filter(None, sys.path_importer_cache.values()):
        forget = getattr(finder, "invalidate_caches", None)
        if forget is not None:
            forget()
    try:
        spec = importlib.util.find_spec(name)
    except Exception:  # a package around it fails: importing tells how
        return True
    return spec is not None and spec.origin is not None and Path(spec.origin).samefile(file)


def execute(name: str, file: Path) -> ModuleType:
    """Run a file as the module `name`, which others may import from now on."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # noqa: PT018 - a .py file has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def attempt(target: str, action: Callable[[], T]) -> T:
    """Run code of the user's; what it raises becomes an error that names the target."""
    try:
        return action()
    except GambrelError:
        raise
    except (Exception, SystemExit) as error:
        raise failed(target, error) from error


def failed(target: str, error: BaseException) -> GambrelError:
    """Return the error for a target that raised."""
    from gambrel.cli.failures import describe, place_of

    what = f"{target} cannot be imported: {describe(error)}"
    where = place_of(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        where = f"{error.filename}:{error.lineno}"
    return GambrelError("cli.import-failed", what, where, hint_for(error))


def hint_for(error: BaseException) -> str:
    """Return what to do about an error while importing."""
    if "circular import" in str(error) or "partially initialized" in str(error):
        return (
            "two modules import each other: let one declare a Router and not import the app, "
            "and the other `app.include` it"
        )
    if isinstance(error, ModuleNotFoundError) and error.name:
        package = error.name.partition(".")[0]
        if package == "gambrel":
            return "there is no such module here; names are imported from `gambrel` itself, most"
        return f"correct the name, or install what provides it: `pip install {package}`"
    if isinstance(error, SystemExit):
        return "a module must not exit while it is imported: put that under `if __name__ ...`"
    return "correct the line; the trace above leads to it"


def no_target(path: str) -> GambrelError:
    """Return the error for a target that is not there, with the nearest thing that is."""
    folder = Path(path).parent
    names = [entry.name for entry in folder.glob("*")] if folder.is_dir() else []
    import difflib

    others = [name for name in names if name != Path(path).name]
    close = difflib.get_close_matches(Path(path).name, others, 1)
    guess = f"did you mean {str(folder / close[0])!r}? " if close else ""
    is_folder = Path(path).is_dir()
    return GambrelError(
        "cli.no-target",
        f"the folder {path!r} has no app.py"
        if is_folder
        else f"there is no file or module {path!r}",
        str(Path.cwd()),
        f"{guess}give a file (`app.py`), a folder with an app.py, or `module:attribute`",
    )
