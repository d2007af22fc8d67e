"""Operations of a document as methods: what they take, what they send, what they return."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from gambrel.client.typed.names import Names, variable_name
from gambrel.client.typed.schemas import (
    Schema,
    Types,
    as_text,
    default_of,
    described,
    pointed,
    wrapped,
)

__all__ = ["Method", "methods_of"]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
FORM = "application/x-www-form-urlencoded"


class Method(Struct):
    """A method: its text, or why there is none."""

    name: str
    text: str = ""
    why_not: str = ""


class Parameter(Struct):
    """A parameter of an operation, and that of the method."""

    name: str
    key: str
    place: str
    kind: str
    default: str | None = None

    @property
    def declared(self) -> str:
        """How it is declared."""
        return f"{self.name}: {self.kind}" + ("" if self.default is None else f" = {self.default}")


def methods_of(types: Types) -> Iterator[Method]:
    """Yield a method for each operation, in the order of the document."""
    names = Names("ask", "http", "close")
    for path, told in types.document.get("paths", {}).items():
        item = pointed(types.document, told["$ref"]) if "$ref" in told else told
        for verb in _METHODS:
            operation = item.get(verb)
            if isinstance(operation, dict):
                plain = f"{verb}_{path}"
                name = names.give(variable_name(operation.get("operationId") or plain))
                yield method_of(types, name, verb.upper(), path, item, operation)


def method_of(
    types: Types, name: str, verb: str, path: str, item: Schema, operation: Schema
) -> Method:
    """Return the method of one operation."""
    parameters = parameters_of(types, name, [*item.get("parameters", ()), *given(operation)])
    body, kind = body_of(types, name, operation)
    result, why_not = result_of(types, name, operation)
    if kind.startswith("multipart/"):
        why_not = f"its body is {kind}"
    if not path.startswith("/"):  # with `@evil.example`, the key would be sent to somebody else
        why_not = "its path does not begin with /"
    if why_not:
        return Method(name, why_not=f"{verb} {path}: {why_not}")
    required = [one for one in parameters if one.default is None]
    keyword_only = [one for one in parameters if one.default is not None]
    declared = [one.declared for one in required if one.place == "path"]
    declared += [body] if body and not body.endswith("= None") else []
    rest = [one.declared for one in (*required, *keyword_only) if one.place != "path"]
    rest += [body] if body.endswith("= None") else []
    parts = ["self", *declared, *(["*", *rest] if rest else [])]
    sent = [f"{place}={{{pairs}}}" for place, pairs in sent_of(parameters)]
    sent += ["body=body"] if body else []
    sent += [f"media_type={as_text(kind)}"] if body and kind != "application/json" else []
    arguments = [as_text(verb), path_of(path, parameters), result, *sent]
    text = [
        wrapped(" " * 4, f"async def {name}(", parts, f") -> {result}:"),
        *described(operation, " " * 8),
        *asked(result, arguments),
    ]
    return Method(name, "\n".join(text))


def asked(result: str, arguments: list[str]) -> list[str]:
    """Return the lines that ask."""
    if result in {"None", "Any"}:
        head = "await" if result == "None" else "return await"
        return [wrapped(" " * 8, f"{head} self.ask(", arguments, ")")]
    head = f"_answer: {result} = await self.ask("
    return [wrapped(" " * 8, head, arguments, ")"), f"{' ' * 8}return _answer"]


def given(operation: Schema) -> list[Any]:
    """Return the parameters of an operation."""
    found = operation.get("parameters", [])
    return found if isinstance(found, list) else []


def parameters_of(types: Types, method: str, declared: list[Any]) -> list[Parameter]:
    """Return the parameters; those of the operation take the place of those of its path."""
    names, found = Names("self", "body"), dict[tuple[str, str], Parameter]()
    for one in declared:
        parameter = pointed(types.document, one["$ref"]) if "$ref" in one else one
        place, key = parameter.get("in", ""), parameter.get("name", "")
        if place not in {"path", "query", "header", "cookie"}:
            continue
        schema = parameter.get("schema", {})
        kind = types.of(schema, f"{method.title().replace('_', '')}{key.title()}")
        default = None
        if place != "path" and not parameter.get("required"):
            default, has_default = default_of(schema, kind)
            if not has_default:
                default = "None"
                kind = kind if kind == "Any" or "None" in kind else f"{kind} | None"
        name = names.give(variable_name(key))
        found[place, key] = Parameter(name, key, place, kind, default)
    return list(found.values())


def body_of(types: Types, method: str, operation: Schema) -> tuple[str, str]:
    """Return how the body is declared, and its media type; empty texts where there is none."""
    told = operation.get("requestBody")
    told = pointed(types.document, told["$ref"]) if told and "$ref" in told else told
    content = (told or {}).get("content") or {}
    if not content:
        return "", ""
    chosen = next((kind for kind in ("application/json", FORM) if kind in content), "")
    chosen = chosen or next((kind for kind in content if kind.endswith("+json")), "")
    media_type = chosen or next(iter(content))
    schema = content[media_type].get("schema", {})
    name = f"{method.title().replace('_', '')}Body"
    kind = types.of(schema, name) if chosen else "bytes"
    optional = "" if told.get("required") else " | None = None"  # type: ignore[union-attr]
    return f"body: {kind}{optional}", media_type


def result_of(types: Types, method: str, operation: Schema) -> tuple[str, str]:
    """Return the type of what comes back, or why that is none.

    What an operation says nothing of but that it answers is the response itself.
    """
    found: list[str] = []
    answers = operation.get("responses", {}).items()
    for status, told in sorted(answers, key=lambda one: one[0] == "default"):
        if str(status)[:1] != "2" and not (str(status) == "default" and not found):
            continue
        answer = pointed(types.document, told["$ref"]) if "$ref" in told else told
        content = answer.get("content") or {}
        kinds = [kind.partition(";")[0] for kind in content]
        streamed = {"text/event-stream", "application/jsonl", "application/x-ndjson"} & set(kinds)
        if streamed and len(kinds) == 1:
            return "", f"it is a stream of {kinds[0]}"
        json = next((kind for kind in content if kind.partition(";")[0].endswith("json")), None)
        if json is not None:
            name = f"{method.title().replace('_', '')}Answer"
            found.append(types.of(content[json].get("schema", {}), name))
        elif not content:
            found.append("None" if str(status) != "default" else "httpx2.Response")
        else:
            found.append("str" if kinds[0].startswith("text/") else "bytes")
    return types.union(found) if found else "None", ""


def sent_of(parameters: list[Parameter]) -> Iterator[tuple[str, str]]:
    """Yield what is sent in the query, in headers and in cookies."""
    for place, name in (("query", "query"), ("header", "headers"), ("cookie", "cookies")):
        pairs = [f"{as_text(one.key)}: {one.name}" for one in parameters if one.place == place]
        if pairs:
            yield name, ", ".join(pairs)


def path_of(path: str, parameters: list[Parameter]) -> str:
    """Return the path as an expression in which its parameters are escaped."""
    keys = {one.key: one.name for one in parameters if one.place == "path"}
    parts, is_template = [], False
    for at, piece in enumerate(path.replace("}", "{").split("{")):
        if at % 2 and piece in keys:
            parts.append(f"{{quote({keys[piece]})}}")
            is_template = True
        else:
            text = f"{{{piece}}}" if at % 2 else piece
            parts.append(as_text(text)[1:-1].replace("{", "{{").replace("}", "}}"))
    text = "".join(parts)
    return f'f"{text}"' if is_template else as_text(path)
