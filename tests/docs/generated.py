"""The parts of the reference that the code says itself: entries of names, and tables.

A page marks such a part with `<!-- api: gambrel.Request -->` or `<!-- table: settings -->`, and its
end with `<!-- end -->`. `test_generated.py` compares, and writes them when asked to.
"""

import dataclasses
import enum
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, get_origin

import msgspec

import gambrel
from gambrel.core.app.settings import Settings
from gambrel.core.http.errors import HTTPError
from gambrel.db import DatabaseSettings
from gambrel.limits.extension import RateLimitSettings
from gambrel.server.limits import ServerSettings
from gambrel.sessions import SessionSettings

PART = re.compile(r"<!-- (api|table): ([\w.]+) -->\n.*?<!-- end -->", re.DOTALL)
WIDTH = 92
MODULE_PATH = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])")


def fill(page: str) -> str:
    """Return the text of a page with its generated parts made anew."""

    def part(found: re.Match[str]) -> str:
        kind, name = found.groups()
        text = entry(name) if kind == "api" else TABLES[name]()
        return f"<!-- {kind}: {name} -->\n\n{text}\n\n<!-- end -->"

    return PART.sub(part, page)


# Entries -------------------------------------------------------------------------------------


def entry(path: str) -> str:
    """Return heading, description and members of a public name: `gambrel.Request`."""
    module, _, name = path.rpartition(".")
    subject = getattr(importlib.import_module(module), name)
    home = f"`from {module} import {name}`"
    parts = [
        f"### {name}",
        home,
        signature_block(name, subject),
        prose(subject),
        values_of(subject),
    ]
    members = list(members_of(subject)) if inspect.isclass(subject) else []
    if inspect.isclass(subject):
        members += [f"- and all of `{base.__name__}`" for base in told_bases(subject)]
    if members:
        parts.append("\n".join(members))
    return "\n\n".join(filter(None, parts))


def signature_block(name: str, subject: Any) -> str:
    """Return how a class or function is called, as a block; nothing where it is not."""
    parameters = parameters_of(subject)
    if not parameters and inspect.isclass(subject):
        return ""
    line = f"{name}{signature_of(subject)}"
    if len(line) > WIDTH:
        star = next((n for n, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
        shown = [str(shorten(parameter)) for parameter in parameters]
        if star is not None and not any(p.kind is p.VAR_POSITIONAL for p in parameters):
            shown.insert(star, "*")
        line = f"{name}(\n" + "".join(f"    {text},\n" for text in shown) + ")"
    return f"```text\n{line}\n```"


def values_of(subject: Any) -> str:
    """Return the members of an enumeration."""
    if not (inspect.isclass(subject) and issubclass(subject, enum.Enum)):
        return ""
    return "Values: " + ", ".join(f"`{subject.__name__}.{item.name}`" for item in subject) + "."


def prose(subject: Any) -> str:
    """Return a docstring as Markdown, and that of a base it sends its reader to: "; see `Base`"."""
    text = inspect.getdoc(subject) or ""
    for base in subject.__mro__[1:] if inspect.isclass(subject) else ():
        if f"; see `{base.__name__}`" in text:
            text = text.replace(f"; see `{base.__name__}`", "") + f"\n\n{inspect.getdoc(base)}"
    raises = re.compile(r"^Raises:\n((?:    .*\n?)+)", re.MULTILINE)
    return raises.sub(lambda found: "Raises " + joined(found[1]), text)


def joined(lines: str) -> str:
    """Return `    A: why` lines as one sentence."""
    items = re.split(r"\n(?=    \S)", lines.rstrip("\n"))
    texts = (re.sub(r"\s+", " ", item).strip() for item in items)
    return "; ".join(re.sub(r"^(\w+): ", r"`\1`: ", text) for text in texts)


def first_sentence(subject: Any) -> str:
    """Return the first paragraph of a docstring on one line."""
    return re.sub(r"\s+", " ", (inspect.getdoc(subject) or "").partition("\n\n")[0])


def is_told(cls: type) -> bool:
    """Whether a class has an entry of its own, so that its heirs need not repeat it."""
    return getattr(gambrel, cls.__name__, None) is cls


def told_bases(cls: type) -> list[type]:
    """Return the nearest bases that have an entry of their own."""
    told = [base for base in cls.__mro__[1:] if is_told(base)]
    return told[:1]


def members_of(cls: type) -> Iterator[str]:
    """Yield a line for each public method and property of a class, its own ones first."""
    seen = set(dir(Exception)) | set(dir(tuple))
    for owner in cls.__mro__:
        is_told_elsewhere = owner is not cls and is_told(owner)
        if is_told_elsewhere or not owner.__module__.startswith("gambrel."):
            continue
        for name, member in vars(owner).items():
            if name.startswith("_") or name in seen:
                continue
            seen.add(name)
            yield from line_of(name, member)


def line_of(name: str, member: Any) -> Iterator[str]:
    """Yield the line of one member, if it has something to say."""
    function = getattr(member, "fget", None) or getattr(member, "func", None)
    if function is not None and first_sentence(function):
        yield f"- `{name}`: {first_sentence(function)}"
    elif inspect.isfunction(member) and first_sentence(member):
        kind = "await " if inspect.iscoroutinefunction(member) else ""
        shown = f"{kind}{name}{signature_of(member)}"
        if len(shown) > WIDTH:
            shown = f"{kind}{name}{signature_of(member, brief=True)}"
        yield f"- `{shown}`: {first_sentence(member)}"


def parameters_of(subject: Any) -> list[inspect.Parameter]:
    """Return what a class or function takes, without `self`."""
    is_enum = inspect.isclass(subject) and issubclass(subject, enum.Enum)
    if is_enum or getattr(subject, "_is_protocol", False) or get_origin(subject) is not None:
        return []
    try:
        parameters = inspect.signature(subject).parameters.values()
    except (TypeError, ValueError):
        return []
    return [parameter for parameter in parameters if parameter.name != "self"]


def signature_of(subject: Any, *, brief: bool = False) -> str:
    """Return a signature as a person would write it; `brief`, without types."""
    shown = inspect.Signature([shorten(p, brief=brief) for p in parameters_of(subject)])
    if inspect.isclass(subject) or brief:
        return str(shown)
    if get_origin(subject) is not None:
        return ""
    returns = inspect.signature(subject).return_annotation
    is_silent = returns in {None, "None", inspect.Signature.empty}
    return str(shown) if is_silent else f"{shown} -> {spell(returns)}"


def shorten(parameter: inspect.Parameter, *, brief: bool = False) -> inspect.Parameter:
    """Return a parameter whose annotation and default read well."""
    if brief:
        parameter = parameter.replace(annotation=parameter.empty)
    if parameter.annotation is not parameter.empty:
        parameter = parameter.replace(annotation=Words(spell(parameter.annotation)))
    if parameter.default is not parameter.empty:
        parameter = parameter.replace(default=Words(spell_default(parameter.default)))
    return parameter


class Words(str):
    """A text that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def spell(annotation: Any) -> str:
    """Return an annotation without the modules of its names."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return MODULE_PATH.sub("", text).replace("NoneType", "None").replace("~", "")


def spell_default(value: Any) -> str:
    """Return a default as it would be written."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if type(value).__repr__ is object.__repr__ or isinstance(value, type):
        return "..."
    if isinstance(value, msgspec.Struct | frozenset) or dataclasses.is_dataclass(value):
        return "..."
    return "..." if repr(value).startswith("<") else repr(value)


# Tables --------------------------------------------------------------------------------------


def table(header: str, rows: Iterator[str]) -> str:
    """Return a Markdown table."""
    line = "|" + "---|" * (header.count("|") - 1)
    return "\n".join([header, line, *rows])


def settings_table(name: str = "core", section: type | None = None) -> str:
    """The settings of a section, or the core's: name, type, default, variable."""
    settings = Settings(environ={})
    if section is not None:
        settings.declare(name, section)
    settings.load()

    def rows() -> Iterator[str]:
        for item in settings.describe():
            if item.section != name:
                continue
            kind = spell(item.annotation).replace("|", "\\|")
            value = spell_default(getattr(getattr(settings, name), item.name))
            value = value.replace("PosixPath('instance')", "instance")
            says = item.description.replace("<", "&lt;")
            cells = f"`{item.name}`", f"`{kind}`", f"`{value}`", says
            yield f"| {' | '.join(cells)} | `{item.variable}` |"

    return table("| setting | type | default | what it says | variable |", rows())


def errors_table() -> str:
    """Every error of a status."""

    def rows() -> Iterator[str]:
        for status, kind in sorted(HTTPError.by_status.items()):
            public = hasattr(importlib.import_module("gambrel"), kind.__name__)
            shown = f"`{kind.__name__}`" if public else f"`abort({status})`"
            yield f"| {status} | {shown} | {first_sentence(kind).replace(f' ({status})', '')} |"

    return table("| status | raise | meaning |", rows())


def extensions_table(module: str) -> str:
    """The settings of a battery's extensions: extension, setting, type, default, variable."""
    battery = importlib.import_module(module)
    settings = Settings(environ={})
    homes: dict[str, str] = {}
    for name in battery.__all__:
        kind = getattr(battery, name)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and hasattr(kind, "install"):
            homes[kind.name] = name
            settings.declare(kind.name, kind, name)
    settings.load()

    def rows() -> Iterator[str]:
        for item in settings.describe():
            if item.section in homes:
                kind = spell(item.annotation).replace("|", "\\|")
                value = spell_default(getattr(getattr(settings, item.section), item.name))
                cells = homes[item.section], item.name, kind, value, item.variable
                yield "| " + " | ".join(f"`{cell}`" for cell in cells) + " |"

    return table("| extension | setting | type | default | variable |", rows())


TABLES: dict[str, Callable[[], str]] = {
    "middleware": lambda: extensions_table("gambrel.middleware"),
    "observability": lambda: extensions_table("gambrel.observability"),
    "metrics": lambda: extensions_table("gambrel.observability.metrics"),
    "client": lambda: extensions_table("gambrel.client"),
    "database": lambda: settings_table("database", DatabaseSettings),
    "rate_limits": lambda: settings_table("rate_limits", RateLimitSettings),
    "sessions": lambda: settings_table("sessions", SessionSettings),
    "websockets": lambda: extensions_table("gambrel.websockets"),
    "settings": settings_table,
    "server": lambda: settings_table("server", ServerSettings),
    "errors": errors_table,
}
