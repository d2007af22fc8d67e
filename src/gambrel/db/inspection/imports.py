"""The imports of a module that is being written; names that it uses itself are left to it."""

from collections import defaultdict
from collections.abc import Container

__all__ = ["Imports"]

_FIRST = {"datetime", "decimal", "enum", "ipaddress", "typing", "uuid"}


class Imports:
    """What a module imports, as it is asked for. `taken` are the names of its own."""

    def __init__(self, taken: Container[str] = ()) -> None:
        self.taken = taken
        self.found: dict[str, dict[str, str]] = defaultdict(dict)

    def name(self, module: str, name: str) -> str:
        """Return the name under which something is imported, and import it."""
        return self.found[module].setdefault(name, self.local(module, name))

    def local(self, module: str, name: str) -> str:
        """Return another name where the module has one like it."""
        if name not in self.taken:
            return name
        if name[0].isupper():
            return f"{name}Type"
        return f"sql_{name}" if module.startswith("sqlalchemy") else f"{name}_type"

    def module(self, name: str) -> str:
        """Return the name of a module, and import it."""
        self.found[name][""] = name
        return name

    def render(self, width: int) -> list[str]:
        """Return the lines, in the order that tools for it give them."""
        blocks: list[list[str]] = [[], [], []]
        for module in sorted(self.found, key=lambda one: (one not in _FIRST, one)):
            names = self.found[module]
            package = module.partition(".")[0]
            block = blocks[0 if package in _FIRST else 2 if package == "gambrel" else 1]
            if "" in names:
                block.append(f"import {module}")
            if set(names) - {""}:
                block.extend(self.lines_of(module, names, width))
        blocks[0].sort(key=is_from)
        lines: list[str] = []
        for block in filter(None, blocks):
            lines += [*([""] if lines else []), *block]
        return lines

    def lines_of(self, module: str, names: dict[str, str], width: int) -> list[str]:
        """Return the lines of one module; what has another name here has a line of its own."""
        ordered = sorted(filter(None, names), key=kind_of)
        chosen = [name for name in ordered if names[name] == name]
        others = [name for name in ordered if names[name] != name]
        found = {name: [f"from {module} import {name} as {names[name]}"] for name in others}
        if chosen:
            line = f"from {module} import {', '.join(chosen)}"
            several = [f"from {module} import (", *(f"    {one}," for one in chosen), ")"]
            found[chosen[0]] = [line] if len(line) <= width else several
        return [line for name in sorted(found, key=kind_of) for line in found[name]]


def is_from(line: str) -> bool:
    """Say whether a line comes behind those that import a module whole."""
    return not line.startswith("import")


def kind_of(name: str) -> tuple[int, str]:
    """Return the place of a name among others: constants, classes, functions."""
    is_constant = name.isupper() and len(name) > 1
    return (0 if is_constant else 1 if name[0].isupper() else 2, name)
