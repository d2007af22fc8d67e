"""What `gambrel add` can add: each battery's extension, and what a project needs for it.

A battery that is not here yet is added as a row.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from gambrel.cli.projects.locking import lock_files
from gambrel.cli.projects.source import add_extension

__all__ = ["BATTERIES", "Battery", "add", "app_file", "find"]


class Battery(Struct, frozen=True):
    """A row: the call and its module, the extra, files beside the app, lines of `.env.example`."""

    says: str
    call: str
    home: str
    extra: str = ""
    files: Mapping[str, str] = {}
    example: str = ""
    next: str = ""
    """What to type next; `{target}` is the app."""


_BASE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{% block title %}{% endblock %}</title>
</head>
<body>
  <main>{% block content %}{% endblock %}</main>
</body>
</html>
"""
_MIGRATIONS = """# Migrations

Written by `gambrel db make`, in the order of their names, and applied when the app starts.
"""
_LOCALES = """# Translations

`gambrel i18n init de` begins a language.
"""
_METRICS = "# Who may read /metrics besides this machine\n# GAMBREL_METRICS__TOKEN="
_URL = "# The database; without it, a file in the folder of GAMBREL_INSTANCE\n"
_URL += "# GAMBREL_DATABASE_URL=postgresql://localhost/{name}"

BATTERIES = {
    "access-log": Battery("a line for every request", "AccessLog()", "gambrel.observability"),
    "compression": Battery("smaller answers", "Compression()", "gambrel.middleware"),
    "cors": Battery(
        "pages of other origins may call it",
        "CORS(origins=[])",
        "gambrel.middleware",
        next="name the origins in CORS(origins=[...])",
    ),
    "db": Battery(
        "a database, with migrations",
        'Database("sqlite:///{name}.db", migrate=True)',
        "gambrel.db",
        "db",
        {"migrations/README.md": _MIGRATIONS},
        _URL,
        'write models, then `gambrel db make {target} -m "first tables"`',
    ),
    "forms": Battery("forms from classes", "Forms()", "gambrel.forms"),
    "health": Battery("whether it is well", "Health()", "gambrel.observability"),
    "http": Battery("an HTTP client for handlers", "HTTP()", "gambrel.client", "client"),
    "languages": Battery(
        "texts, dates and numbers as each visitor has them",
        'I18n("en")',
        "gambrel.i18n",
        "i18n",
        {"locales/README.md": _LOCALES},
        next="`gambrel --app {target} i18n init de` for a second language",
    ),
    "logging": Battery("the log, for people or machines", "Logging()", "gambrel.observability"),
    "looks": Battery("a stylesheet for plain pages", "Looks()", "gambrel.looks"),
    "media": Battery("files that visitors upload", "MediaFiles()", "gambrel.files"),
    "metrics": Battery(
        "figures for Prometheus",
        "Metrics()",
        "gambrel.observability.metrics",
        example=_METRICS,
    ),
    "rate-limits": Battery(
        "how often a client may ask",
        'RateLimits("300/minute", "20/second")',
        "gambrel.limits",
    ),
    "request-id": Battery("an id for every request", "RequestID()", "gambrel.middleware"),
    "sessions": Battery("what is remembered of a visitor", "Sessions()", "gambrel.sessions"),
    "static": Battery(
        "style sheets, scripts, pictures",
        "StaticFiles()",
        "gambrel.files",
        files={"static/site.css": ":root {\n  color-scheme: light dark;\n}\n"},
    ),
    "templates": Battery(
        "pages from templates",
        "Templates()",
        "gambrel.templates",
        "templates",
        {"templates/base.html": _BASE},
    ),
    "tracing": Battery(
        "spans for OpenTelemetry",
        "Tracing()",
        "gambrel.observability.tracing",
        "tracing",
        example="# Where spans are sent\n# OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318",
    ),
}


def find(name: str) -> Battery:
    """Return a battery by its name. Raises KeyError."""
    return BATTERIES[name]


def app_file(target: str) -> str:
    """Return the file of a target within its project."""
    path = target.partition(":")[0]
    return path if path.endswith(".py") else f"{path}/app.py"


def add(files: Mapping[str, str], battery: Battery, target: str) -> dict[str, str]:
    """Return the files of a project with a battery in it.

    Raises:
        GambrelError: The list of extensions is not one that can be changed.
    """
    changed = dict(files)
    file = app_file(target)
    project = tomllib.loads(files.get("pyproject.toml", ""))
    name = project.get("project", {}).get("name", "app")
    width = project.get("tool", {}).get("ruff", {}).get("line-length", 88)
    call = battery.call.format(name=name)
    changed[file] = add_extension(files[file], file, call, battery.home, width)
    for path, text in battery.files.items():
        beside = (PurePosixPath(file).parent / path).as_posix()
        if changed[file] != files[file]:
            changed.setdefault(beside, text)
    if battery.extra and "pyproject.toml" in files:
        changed["pyproject.toml"] = with_extra(files["pyproject.toml"], battery.extra)
        if changed["pyproject.toml"] != files["pyproject.toml"]:
            changed |= locked(changed)
    example = battery.example.format(name=name)
    if example and example not in files.get(".env.example", example):
        changed[".env.example"] = f"{files['.env.example']}\n{example}\n"
    return changed


def with_extra(pyproject: str, extra: str) -> str:
    """Return `pyproject.toml` with an extra of gambrel among what the project needs."""
    for needed in tomllib.loads(pyproject).get("project", {}).get("dependencies", ()):
        match = re.match(r"gambrel(?:\[([^\]]*)\])?(?![\w.-])", needed)
        if match is not None:
            extras = sorted({*filter(None, (match[1] or "").replace(" ", "").split(",")), extra})
            new = f"gambrel[{','.join(extras)}]{needed[match.end() :]}"
            return pyproject.replace(needed, new, 1)
    return pyproject


def locked(files: Mapping[str, str]) -> dict[str, str]:
    """Return the lock files with what is new in them; what they have stays as it is."""
    changed = {}
    for name, text in lock_files(files["pyproject.toml"]).items():
        if name in files:
            have = {key_of(line): line for line in files[name].splitlines()}
            want = {key_of(line): line for line in text.splitlines()}
            lines = [have.get(key, line) for key, line in want.items()]
            changed[name] = "".join(f"{line}\n" for line in lines)
    return changed


def key_of(line: str) -> str:
    """Return the name of what a line of a lock file is about."""
    return re.split(r"[=<>~!;\[ ]", line, maxsplit=1)[0] if line[:1].isalnum() else line
