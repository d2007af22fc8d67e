"""Exact versions of what a project needs, as they are installed: no registry is asked.

`requirements.txt` is what is served, `requirements-dev.txt` adds the tools. What is needed and not
installed stands there as it is asked for, so that the files can be installed in any case.
"""

import json
import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from msgspec import Struct

__all__ = ["asked", "lock_files", "pins", "wanted"]

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?P<range>[^;]*?)\s*"
    r"(?:;\s*(?P<marker>.*?)\s*)?$"
)
_EXTRA = re.compile(
    r"""(?:\s*and\s+)?\(?\bextra\s*==\s*['"](?P<extra>[^'"]+)['"]\)?(?:\s+and\s+)?"""
)
_HEAD = "# Exact versions, written by `gambrel lock` from what is installed.\n"


class Wanted(Struct, frozen=True):
    """A requirement; `for_extra` is the extra that asks for it."""

    name: str
    extras: tuple[str, ...]
    range: str
    marker: str
    for_extra: str = ""

    @property
    def key(self) -> str:
        """The name as indexes compare it."""
        return re.sub(r"[-_.]+", "-", self.name).lower()


def wanted(text: str) -> Wanted:
    """Read a requirement: `name[extra]>=1; marker`. Raises ValueError where it is none."""
    match = _REQUIREMENT.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no requirement")
    extras = tuple(part.strip() for part in (match["extras"] or "").split(",") if part.strip())
    marker = match["marker"] or ""
    asked = _EXTRA.search(marker)
    return Wanted(
        match["name"],
        extras,
        match["range"].strip("() "),
        _EXTRA.sub("", marker).strip(),
        asked["extra"] if asked else "",
    )


def pins(requirements: Iterable[str]) -> dict[str, str]:
    """Return a line for each package that is needed, by its name."""
    waiting = [wanted(text) for text in requirements]
    lines: dict[str, str] = {}
    markers: dict[str, set[str]] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        markers.setdefault(one.key, set()).add(one.marker)
        try:
            found = distribution(one.name)
        except PackageNotFoundError:
            extras = f"[{','.join(one.extras)}]" if one.extras else ""
            lines.setdefault(one.key, f"{one.name}{extras}{one.range}")
            continue
        lines[one.key] = f"{one.key}{exactly(found)}"
        more = {""} | set(one.extras)
        new = {extra for extra in more if (one.key, extra) not in seen}
        seen.update((one.key, extra) for extra in new)
        needs = map(wanted, found.requires or ())
        waiting.extend(need for need in needs if need.for_extra in new)
    return {key: f"{lines[key]}{condition(markers[key])}" for key in sorted(lines)}


def exactly(found: Distribution) -> str:
    """Return which one is installed: its version, or where it came from (PEP 610)."""
    told = found.read_text("direct_url.json")
    if told is None:
        return f"=={found.version}"
    source = json.loads(told)
    vcs = source.get("vcs_info")
    return f" @ {vcs['vcs']}+{source['url']}@{vcs['commit_id']}" if vcs else f" @ {source['url']}"


def condition(markers: set[str]) -> str:
    """Return when a package is needed, if not always."""
    if "" in markers:
        return ""
    return f" ; {' or '.join(sorted(markers))}"


def asked(pyproject: str) -> list[str]:
    """Return what a project asks for itself: what it is served with, and its group `dev`."""
    served, tools = _asked(pyproject)
    return [*served, *tools]


def lock_files(pyproject: str) -> dict[str, str]:
    """Return the lock files of a project, by their names."""
    served, tools = map(pins, _asked(pyproject))
    rest = [line for key, line in tools.items() if key not in served]
    return {
        "requirements.txt": _HEAD + "".join(f"{line}\n" for line in served.values()),
        "requirements-dev.txt": f"{_HEAD}-r requirements.txt\n" + "".join(f"{x}\n" for x in rest),
    }


def _asked(pyproject: str) -> tuple[list[str], list[str]]:
    project = tomllib.loads(pyproject)
    group = project.get("dependency-groups", {}).get("dev", ())
    served = project.get("project", {}).get("dependencies", ())
    return list(served), [text for text in group if isinstance(text, str)]
