"""Operations: plain data about what an app can be asked, for documents, listings and clients.

The app fills these records from its compiled routes; whoever documents, lists or tests an operation
reads them. They hold annotations and values only: no framework object, no callable, no schema.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

ParamLocation = Literal["path", "query", "header", "cookie", "form", "file", "body"]


class ParamInfo(Struct):
    """One value read from the path, the query, a header, a cookie, a part of a form or a body.

    `name` is the handler's argument, `alias` the name on the wire. `default` counts only when
    `required` is false. `explode` says that the value is a list whose key is repeated
    (`?tag=a&tag=b`). `converter` is the converter of a path segment (`int` in
    `/{id:int}`), whose refusal is a 404 and not a 422, and `schema` what that takes.
    `content_types` are those a file may have.
    """

    name: str
    alias: str
    location: ParamLocation
    annotation: Any
    required: bool = True
    default: Any = None
    description: str = ""
    examples: tuple[Any, ...] = ()
    deprecated: bool = False
    explode: bool = False
    converter: str | None = None
    content_types: tuple[str, ...] = ()
    schema: Mapping[str, Any] = {}


class BodyInfo(Struct):
    """The body an operation reads: its type, its media types, and the parts of a form."""

    annotation: Any
    media_types: tuple[str, ...] = ("application/json",)
    required: bool = True
    description: str = ""
    examples: tuple[Any, ...] = ()
    fields: list[ParamInfo] = field(default_factory=list)


class ResponseInfo(Struct):
    """One declared response; the status 0 stands for any other.

    `annotation` is None where there is no body or its type is unknown.
    """

    status: int
    description: str = ""
    annotation: Any = None
    media_types: tuple[str, ...] = ("application/json",)
    headers: dict[str, Any] = field(default_factory=dict)
    examples: tuple[Any, ...] = ()


class Operation(Struct):
    """One method on one path, as a client sees it.

    `path` is an OpenAPI template without converters (`/users/{id}`), `where` the declaration
    (`app.py:12`). `security` lists alternatives, each a scheme name with its scopes; an empty
    list inherits what the whole document asks for, `[{}]` asks for nothing. `extra` is the
    route's own `extra`: its `openapi` member is merged into the operation, its `callbacks` and
    `group` are read. The method of a WebSocket is `WEBSOCKET`, its body the messages it takes, and
    `extra["sends"]` the type of those it sends.
    """

    method: str
    path: str
    name: str
    operation_id: str | None = None
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    deprecated: bool = False
    hidden: bool = False
    version: str | None = None
    host: str | None = None
    params: list[ParamInfo] = field(default_factory=list)
    body: BodyInfo | None = None
    responses: dict[int, ResponseInfo] = field(default_factory=dict)
    security: list[dict[str, list[str]]] = field(default_factory=list)
    where: str = ""
    extra: dict[str, Any] = field(default_factory=dict)
