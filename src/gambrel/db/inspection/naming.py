"""Names of Python for tables and columns: `OrderDetails` is `OrderDetail`, `class` is `class_`.

Texts to texts; knows no database.
"""

import builtins
import keyword
import re
import unicodedata
from collections.abc import Container, Iterable

from gambrel.db.models import WORD

__all__ = [
    "attribute_name",
    "class_name",
    "free_name",
    "plural",
    "relation_name",
    "singular",
    "snake_case",
]

_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "mouse": "mice",
    "foot": "feet",
    "tooth": "teeth",
    "leaf": "leaves",
    "shelf": "shelves",
    "half": "halves",
    "index": "indices",
    "matrix": "matrices",
    "analysis": "analyses",
    "basis": "bases",
    "criterion": "criteria",
    "movie": "movies",
    "cookie": "cookies",
    "shoe": "shoes",
    "bus": "buses",
    "bonus": "bonuses",
    "status": "statuses",
    "virus": "viruses",
    "campus": "campuses",
    "hero": "heroes",
    "echo": "echoes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "veto": "vetoes",
}
_SINGULAR = {many: one for one, many in _IRREGULAR.items()}
_SAME = {"data", "equipment", "information", "media", "news", "series", "species", "staff"}
_ENDINGS = (  # of many, and of one
    ("ies", "y"),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("zzes", "zz"),
)
_ONE = ("ss", "us", "is")
# What stands in the body of a class that SQLAlchemy reads, or that our own code there calls.
_RESERVED = {"metadata", "registry", "query", "mapped_column", "relationship"}
_USED = {"bool", "bytes", "dict", "float", "int", "list", "set", "str"}


def snake_case(name: str) -> str:
    """Return a name as `order_detail`, whatever it was."""
    plain = unicodedata.normalize("NFKC", name)  # as Python reads the names of a program
    spaced = WORD.sub("_", re.sub(r"\W+", "_", plain))
    return re.sub(r"_+", "_", spaced).strip("_").lower()


def split_last(name: str) -> tuple[str, str]:
    """Return what is before the last word of `order_detail`, and that word."""
    head, mark, word = name.rpartition("_")
    return head + mark, word


def singular(name: str) -> str:
    """Return the name of one: `order_details` gives `order_detail`."""
    head, word = split_last(name)
    if word in _SAME or word in _IRREGULAR:
        return name
    if word in _SINGULAR:
        return head + _SINGULAR[word]
    for many, one in _ENDINGS:
        if word.endswith(many) and len(word) > len(many) + 1:
            return head + word.removesuffix(many) + one
    if word.endswith("s") and not word.endswith(_ONE) and len(word) > 2:
        return head + word[:-1]
    return name


def plural(name: str) -> str:
    """Return the name of many: `category` gives `categories`."""
    head, word = split_last(name)
    if word in _SAME or word in _SINGULAR:
        return name
    if word in _IRREGULAR:
        return head + _IRREGULAR[word]
    if word.endswith("y") and word[-2:-1] not in {*"aeiou", ""}:
        return f"{name[:-1]}ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    return f"{name}s"


def free_name(wanted: Iterable[str], taken: Container[str]) -> str:
    """Return the first name that is not taken; the last one with a number, if need be."""
    name = ""
    for name in wanted:
        if name not in taken:
            return name
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def attribute_name(column: str, taken: Container[str] = ()) -> str:
    """Return the attribute of a column: a name of Python that means nothing else in a model."""
    name = snake_case(column) or "column"
    if not name.isidentifier():
        name = f"column_{name}"
    if not name.isidentifier():
        name = as_ascii(name)
    if keyword.iskeyword(name) or name in _RESERVED | _USED:
        name += "_"
    return free_name([name], taken)


def relation_name(wanted: Iterable[str], taken: Container[str]) -> str:
    """Return the attribute that leads to other rows: the first name that does, and is not taken."""
    return free_name(map(attribute_name, wanted), taken)


def class_name(table: str, taken: Container[str] = (), schema: str = "") -> str:
    """Return the class of a table; with its schema in front where the name is taken."""
    one = singular(snake_case(table)) or "table"
    names = [one, f"{snake_case(schema)}_{one}"] if schema else [one]
    return free_name(map(camel_case, names), taken)


def camel_case(name: str) -> str:
    """Return `order_detail` as `OrderDetail`, a name that Python allows."""
    joined = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    if not joined[:1].isupper():  # a number, or of a script that has no capitals, as attributes are
        joined = f"Table{joined}"
    if not joined.isidentifier():
        joined = f"Table{as_ascii(joined).removeprefix('Table')}"
    clashes = keyword.iskeyword(joined) or hasattr(builtins, joined)
    return f"{joined}_" if clashes else joined


def as_ascii(name: str) -> str:
    """Return what is left of a name in letters that any program may have."""
    return name.encode("ascii", "ignore").decode()
