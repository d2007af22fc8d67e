"""`gambrel info`: what a bug report must say of the surroundings, and nothing that is private."""

import json
import platform
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

import click

__all__ = ["command", "packages"]


@click.command("info")
@click.argument("target", default="")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def command(target: str, as_json: bool) -> None:
    """Tell versions for a bug report: of Gambrel, Python, the system, and packages in use.

    With TARGET also the extensions of its app, and the names of settings that are not their
    defaults. There is no value of a setting in it, no path and no name of a machine.
    """
    found: dict[str, Any] = {
        "gambrel": version("gambrel"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": packages(),
    }
    if target:
        found |= of_app(target)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        items = [f"{k} {v}" for k, v in value.items()] if isinstance(value, dict) else value
        click.echo(f"{name + ':':12}{', '.join(items) if isinstance(items, list) else items}")


def packages() -> dict[str, str]:
    """Return the versions of what Gambrel and its extras need, as far as it is here."""
    from gambrel.cli.projects.locking import wanted

    found: dict[str, str] = {}
    for text in requires("gambrel") or ():
        name = wanted(text).name
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return dict(sorted(found.items()))


def of_app(target: str) -> dict[str, Any]:
    """Return what may be said of an app."""
    from gambrel.cli.built import extensions_of
    from gambrel.cli.serving.safety import build_safely
    from gambrel.cli.target import load_app

    app = load_app(target)
    build_safely(app, None)
    extensions = [f"{type(one).__module__}.{type(one).__qualname__}" for one in extensions_of(app)]
    changed = [
        one.name if one.section == "core" else f"{one.section}.{one.name}"
        for one in app.settings.describe()
        if one.origin != "default"
    ]
    return {"extensions": extensions, "routes": str(len(app.routes)), "settings": changed}
