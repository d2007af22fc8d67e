"""`render_client`: the text of a module with a client for what a document describes."""

from typing import Any

from gambrel.client.typed.names import Names, class_name
from gambrel.client.typed.operations import methods_of
from gambrel.client.typed.schemas import MODULE_NAMES, Types, described
from gambrel.core.http.errors import GambrelError

__all__ = ["render_client"]


def render_client(document: dict[str, Any], name: str = "") -> str:
    """Return a module: a `Struct` for each kind of object, and a class with all operations.

    It is called `name`, or as the document's title. The same document gives the same text.

    Raises:
        GambrelError: It is no document of OpenAPI 3.
    """
    if not str(document.get("openapi", "")).startswith("3."):
        what = "that is no document of OpenAPI 3: it has no `openapi` with a version of 3.x"
        hint = "gambrel openapi app.py --output openapi.json makes one"
        raise GambrelError("client.no-document", what, "gambrel client", hint)
    try:
        return rendered(document, name)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        what = f"that document of OpenAPI cannot be read: {type(error).__name__}: {error}"
        hint = "look at it with a validator: pip install openapi-spec-validator"
        raise GambrelError("client.no-document", what, "gambrel client", hint) from error


def rendered(document: dict[str, Any], name: str) -> str:
    """Return the same of a document of version 3; what is malformed raises anything."""
    info = document.get("info", {})
    name = Names(*MODULE_NAMES).give(class_name(name or str(info.get("title", "")) or "API"))
    types = Types(document, (name,))
    methods = list(methods_of(types))
    left_out = [method.why_not for method in methods if method.why_not]
    made = f"Made from the document of {info.get('title', name)} {info.get('version', '')}".strip()
    told = {"description": f"{made}: change that, and make this again."}
    notes = ["Left out:", *(f"- {why}" for why in left_out)] if left_out else []
    doc = described(told, "", *notes)
    about = info if info.get("description") else {"description": "What the service is asked."}
    heading = [f"class {name}(Service):", *described(about, "    ")]
    body = "\n\n".join(method.text for method in methods if method.text)
    service = "\n".join(heading) + (f"\n\n{body}" if body else "")
    code = "\n\n\n".join([*types.classes.values(), service])
    return "\n".join([*doc, "", *imports_of(code), "", "", code, ""])


def imports_of(code: str) -> list[str]:
    """Return the imports that a text needs; annotations name classes that come later."""
    used = {name for name in MODULE_NAMES if name in code}
    modules = [name for name in ("datetime", "decimal", "uuid") if f"{name}." in code]
    typing, typed = sorted({"Any", "Literal"} & used), ["Service", *sorted({"quote"} & used)]
    structs = [name for name in ("UNSET", "Struct", "UnsetType", "field") if name in used]
    lines = ["from __future__ import annotations", ""]
    lines += [f"import {name}" for name in modules]
    lines += [f"from typing import {', '.join(typing)}"] if typing else []
    lines += [""] if modules or typing else []
    lines += ["import httpx2"] if "httpx2." in code else []
    lines += [f"from msgspec import {', '.join(structs)}", ""] if structs else []
    lines += [""] if "httpx2." in code and not structs else []
    return [*lines, f"from gambrel.client.typed import {', '.join(typed)}"]
