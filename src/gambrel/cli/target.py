"""TARGET: which app a command is about: a file, a folder with `app.py`, or `module:attribute`."""

import importlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from gambrel import App, GambrelError

__all__ = ["load_app"]


def load_app(target: str) -> App:
    """Return the app of `target`; the variable is `app`, or a function `build` that makes it.

    Raises:
        GambrelError: There is no such file or module, it does not import, or has no app.
    """
    path, _, attribute = target.partition(":")
    module = load_module(target, path)
    found = getattr(module, attribute or "app", None)
    if found is None and not attribute:
        found = getattr(module, "build", None)
    if inspect.isfunction(found):
        found = found()
    if isinstance(found, App):
        return found
    apps = [name for name, value in vars(module).items() if isinstance(value, App)]
    raise GambrelError(
        "cli.no-app",
        f"{module.__name__} has no app named {attribute or 'app'!r}",
        str(getattr(module, "__file__", module.__name__)),
        f"write `{path}:{apps[0]}`" if apps else "write `app = App()` in it",
    )


def load_module(target: str, path: str) -> ModuleType:
    """Import the file, folder or module that `target` names."""
    file = Path(path)
    if file.is_dir():
        file = file / "app.py"
    if file.suffix == ".py":
        return load_file(target, file)
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not path.startswith(error.name):
            raise
        raise GambrelError(
            "cli.no-target",
            f"there is no file or module {path!r}",
            str(Path.cwd()),
            "give a file (`app.py`), a folder with an app.py, or `module:attribute`",
        ) from None


def load_file(target: str, file: Path) -> ModuleType:
    """Import a file; inside a package, under the package's name, so that its imports work."""
    if not file.is_file():
        raise GambrelError(
            "cli.no-target",
            f"there is no file {target!r}",
            str(Path.cwd()),
            "give a file (`app.py`), a folder with an app.py, or `module:attribute`",
        )
    file = file.resolve()
    root, parts = file.parent, [file.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    sys.path.insert(0, str(root))
    name = ".".join(parts)
    module: Any = sys.modules.get(name)
    if module is not None and getattr(module, "__file__", None) == str(file):
        return module  # type: ignore[no-any-return]
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - a .py file has both
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module  # type: ignore[no-any-return]
