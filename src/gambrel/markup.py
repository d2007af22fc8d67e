"""HTML made in Python: `Markup` is text that is HTML, `element` makes more of it and escapes.

Templates that escape take `Markup` as it is, by its `__html__`.
"""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

__all__ = ["Markup", "element", "join"]

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
RAW = frozenset({"script", "style"})
"""Elements whose text is code, in which nothing can be escaped (HTML §13.1.2)."""
_NAME = re.compile(r"[A-Za-z_:@][-A-Za-z0-9_.:@]*")
_ELEMENT = re.compile(r"[A-Za-z][-A-Za-z0-9_.:]*")


class Markup(str):
    """Text that is HTML already, and is not escaped again."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return itself, for whoever escapes what has no such method."""
        return self


def element(
    name: str,
    /,
    *children: Any,
    attributes: Mapping[str, Any] | None = None,
    **more: Any,
) -> Markup:
    """Return an element; its children are escaped unless they are markup, None is left out.

    Attributes are given by name (`class_`, `aria_label`) or in `attributes`, as they are written.
    True writes the name alone, None and False leave it out.

    Raises:
        ValueError: An element or an attribute cannot be called that, an element that has none has
            children, or a script or style has text that is no markup: it cannot be escaped.
    """
    if not _ELEMENT.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an element")
    named = {key.rstrip("_").replace("_", "-"): value for key, value in more.items()}
    pairs = {**(attributes or {}), **named}
    opened = f"<{name}{''.join(_attribute(key, value) for key, value in pairs.items())}>"
    if name.lower() in VOID:
        if children:
            raise ValueError(f"<{name}> has no children")
        return Markup(opened)
    if name.lower() in RAW and not all(_is_markup(child) for child in children):
        raise ValueError(f"text in <{name}> cannot be escaped; give Markup for code of your own")
    return Markup(f"{opened}{join(children)}</{name}>")


def join(parts: Iterable[Any]) -> Markup:
    """Return parts one behind the other: markup as it is, other text escaped; None is left out."""
    return Markup("".join(_escaped(part) for part in parts if part is not None))


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an attribute")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _is_markup(part: Any) -> bool:
    return part is None or hasattr(part, "__html__")


def _escaped(part: Any) -> str:
    as_html = getattr(part, "__html__", None)
    return str(as_html()) if as_html is not None else escape(str(part))
