"""An OpenAPI document as plain data: read, walked, and looked over for what makes it invalid.

`contract` and `assert_contract` hold an app to one.
"""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from gambrel import App

__all__ = ["Described", "find_faults", "operations_of", "read_document", "resolve"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
LOCATIONS = frozenset({"path", "query", "header", "cookie", "querystring"})
_BRACED = re.compile(r"\{([^{}]*)\}")
_STATUS = re.compile(r"[1-5](\d\d|XX)|default")


class Described(NamedTuple):
    """An operation of a document: its method, path and Operation Object, parameters resolved."""

    method: str
    path: str
    operation: dict[str, Any]
    parameters: list[dict[str, Any]]

    @property
    def name(self) -> str:
        """What it is called in a sentence: its method, path and id."""
        called = self.operation.get("operationId")
        return f"{self.method} {self.path}" + (f" ({called})" if called else "")


def read_document(app: App, document: Mapping[str, Any] | str | Path | None) -> dict[str, Any]:
    """Return a document as plain data; by default what the command line writes of the app."""
    if isinstance(document, Mapping):
        return dict(document)
    if document is not None:
        plain: dict[str, Any] = json.loads(Path(document).read_bytes())
        return plain
    own: dict[str, Any] = json.loads(
        importlib.import_module("gambrel.cli.documents.openapi").document_of(app)
    )
    return own


def resolve(document: Mapping[str, Any], part: Any) -> Any:
    """Return what a part of the document stands for: itself, or what it refers to.

    Raises LookupError where it refers to nothing in this document.
    """
    seen: set[str] = set()
    while isinstance(part, dict) and "$ref" in part:
        reference = str(part["$ref"])
        if reference in seen or not reference.startswith("#"):
            raise LookupError(reference)
        seen.add(reference)
        part = document
        for step in reference[1:].split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(part, Mapping) or step not in part:
                raise LookupError(reference)
            part = part[step]
    return part


def operations_of(document: Mapping[str, Any]) -> Iterator[Described]:
    """Yield the operations of a document. Raises LookupError as `resolve` does."""
    for path, given in document.get("paths", {}).items():
        item = resolve(document, given)
        methods = {name: item[name] for name in METHODS if name in item}
        for method, operation in (methods | item.get("additionalOperations", {})).items():
            found: dict[tuple[str, str], dict[str, Any]] = {}
            for one in [*item.get("parameters", ()), *operation.get("parameters", ())]:
                parameter = resolve(document, one)
                found[parameter.get("in", ""), parameter.get("name", "")] = parameter
            yield Described(method.upper(), path, operation, list(found.values()))


def find_faults(document: Mapping[str, Any]) -> list[str]:
    """Return one sentence for each thing that makes a document no valid OpenAPI 3 (3.1.1 §4.8)."""
    broken = [f"nothing stands at {one!r}" for one in sorted(set(_broken(document, document)))]
    if broken:
        return broken
    found = []
    if not str(document.get("openapi", "")).startswith("3."):
        found.append("`openapi` names no version 3")
    info = document.get("info") or {}
    found += [f"`info` has no {name}" for name in ("title", "version") if name not in info]
    found += [f"the path {path!r} does not begin with `/`" for path in _crooked(document)]
    names: dict[str, str] = {}
    schemes = document.get("components", {}).get("securitySchemes", {})
    for one in operations_of(document):
        found += [f"{one.name}: {fault}" for fault in _faults(document, one)]
        called = one.operation.get("operationId")
        if called is not None and names.setdefault(called, one.name) != one.name:
            found.append(f"{one.name}: {names[called]} has the same operationId")
        for needs in one.operation.get("security", document.get("security", ())):
            unknown = [name for name in needs if name not in schemes]
            found += [f"{one.name}: there is no security scheme {name!r}" for name in unknown]
    return found


def _broken(document: Mapping[str, Any], part: Any) -> Iterator[str]:
    """Yield the references to nothing; what stands in another document is left alone."""
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            try:
                resolve(document, {"$ref": reference})
            except LookupError as error:
                yield str(error.args[0])
        for name, inner in part.items():
            if name not in {"example", "examples", "default", "const", "enum"}:
                yield from _broken(document, inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _broken(document, inner)


def _crooked(document: Mapping[str, Any]) -> list[str]:
    return [path for path in document.get("paths", {}) if not path.startswith("/")]


def _faults(document: Mapping[str, Any], one: Described) -> Iterator[str]:
    yield from _faults_of_path(one)
    for parameter in one.parameters:
        if parameter.get("in") not in LOCATIONS or not parameter.get("name"):
            yield f"a parameter has no name or no place: {parameter}"
        elif "schema" not in parameter and "content" not in parameter:
            yield f"the parameter {parameter['name']!r} has no schema"
    body = one.operation.get("requestBody")
    if body is not None and not resolve(document, body).get("content"):
        yield "its body has no content"
    responses = one.operation.get("responses") or {}
    if not responses:
        yield "it has no responses"
    for status, response in responses.items():
        if _STATUS.fullmatch(str(status)) is None:
            yield f"{status!r} is no status"
        if "description" not in resolve(document, response):
            yield f"its response {status} has no description"


def _faults_of_path(one: Described) -> Iterator[str]:
    described = {p.get("name"): p for p in one.parameters if p.get("in") == "path"}
    in_template = set(_BRACED.findall(one.path))
    for name in sorted(in_template ^ set(described), key=str):
        place = "described" if name in in_template else "in the path"
        yield f"the path parameter {name!r} is not {place}"
    for name, parameter in described.items():
        if parameter.get("required") is not True:
            yield f"the path parameter {name!r} is not required"
