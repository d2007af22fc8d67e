"""Names of Python for names of a document: `order-id` becomes `order_id`, `class` `class_`."""

import builtins
import keyword
import re

__all__ = ["Names", "class_name", "variable_name"]

_PARTS = re.compile(r"[^0-9A-Za-z]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OWN = ("self", "cls", "ask", "http", "field", "quote", "datetime", "decimal", "httpx2", "uuid")
_TAKEN = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *_OWN})


def variable_name(text: str) -> str:
    """Return the name of a variable, a field or a method."""
    name = "_".join(part for part in _PARTS.split(_HUMP.sub("_", text)) if part).lower()
    name = f"n{name}" if not name or name[0].isdigit() else name
    # What annotations and methods use must mean there what it means elsewhere.
    return f"{name}_" if name in _TAKEN and name != "id" else name


def class_name(text: str) -> str:
    """Return the name of a class."""
    parts = [part[0].upper() + part[1:] for part in _PARTS.split(text) if part]
    name = "".join(parts)
    name = f"N{name}" if not name or name[0].isdigit() else name
    return f"{name}_" if name in _TAKEN else name


class Names:
    """Gives every name once; what is taken gets a number."""

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)

    def give(self, name: str) -> str:
        """Return the name, or the first of `name2`, `name3`, … that is free."""
        found, number = name, 1
        while found in self.taken:
            number += 1
            found = f"{name}{number}"
        self.taken.add(found)
        return found
