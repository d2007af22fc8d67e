"""What an application says about its documents: title, servers, tags, selections, webhooks.

Plain frozen records that users construct; `document.py` reads them. They know no operation.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Self

from msgspec import Struct, field
from msgspec.structs import replace

from gambrel.core.http.request import Request
from gambrel.operations import Operation

__all__ = ["Document", "Example", "Guard", "Place", "Selection", "Server", "Tag", "Webhook"]

Guard = Callable[[Request], bool | Awaitable[bool]]


class Example(Struct, frozen=True):
    """A named example of a parameter, a body or a response."""

    value: Any
    name: str = ""
    summary: str = ""
    description: str = ""


class Server(Struct, frozen=True):
    """An address of the API: absolute, or relative to the document."""

    url: str
    description: str = ""
    variables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Tag(Struct, frozen=True):
    """A group of operations, in the order it shall be shown."""

    name: str
    description: str = ""
    external_docs: str = ""


class Selection(Struct, frozen=True):
    """Which operations belong to a document. Empty means any; all that are given must hold.

    `hosts` takes routes without a host, too: they answer on every one. `groups` compares with the
    route's `extra["group"]`, `prefix` with the start of the path.
    """

    tags: Sequence[str] = ()
    versions: Sequence[str] = ()
    hosts: Sequence[str] = ()
    groups: Sequence[str] = ()
    prefix: str = ""
    where: Callable[[Operation], bool] | None = None

    def __call__(self, operation: Operation) -> bool:
        """Say whether the operation is selected."""
        return (
            (not self.tags or any(tag in self.tags for tag in operation.tags))
            and (not self.versions or operation.version in self.versions)
            and (not self.hosts or operation.host is None or operation.host in self.hosts)
            and (not self.groups or operation.extra.get("group") in self.groups)
            and operation.path.startswith(self.prefix)
            and (self.where is None or self.where(operation))
        )


class Webhook(Struct, frozen=True):
    """A request that this application sends to others: a webhook, or a callback of an operation.

    `body` is the type that is sent; `responses` says what the receiver shall answer.
    """

    body: Any = None
    summary: str = ""
    description: str = ""
    method: str = "POST"
    media_type: str = "application/json"
    operation_id: str = ""
    tags: tuple[str, ...] = ()
    headers: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[int, str] = field(default_factory=lambda: {204: "The event was taken."})
    examples: tuple[Any, ...] = ()
    deprecated: bool = False


class Document(Struct, frozen=True, kw_only=True):
    """One OpenAPI document of an application.

    What a named document leaves at its default it takes from the main one, but for `only`.
    `security` lists alternatives that hold for every operation without its own: the name of a
    scheme, or schemes with their scopes (`{"token": ["read"]}`). `openapi` is `"3.1"`, or `"3.2"`
    for documents with the QUERY method. `separate_input_output=False` shows one schema per type
    even where clients may leave out what they always receive. `extra` is laid over the finished
    document (`{"x-logo": …}`), as a route's `extra["openapi"]` is over its own.
    """

    title: str = "API"
    version: str = "0.1.0"
    summary: str = ""
    description: str = ""
    terms_of_service: str = ""
    contact: Mapping[str, str] = field(default_factory=dict)
    license: Mapping[str, str] = field(default_factory=dict)
    servers: Sequence[Server | str] = ()
    tags: Sequence[Tag | str] = ()
    external_docs: str = ""
    security: Sequence[str | Mapping[str, Sequence[str]]] = ()
    security_schemes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    openapi: Literal["3.1", "3.2"] = "3.1"
    separate_input_output: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)
    only: Callable[[Operation], bool] = field(default_factory=Selection)

    @property
    def needs(self) -> list[Mapping[str, Sequence[str]]]:
        """What every operation without its own security asks for."""
        return [{way: []} if isinstance(way, str) else way for way in self.security]

    def over(self, main: "Document") -> Self:
        """Return this document with what it leaves open filled in from the main one."""
        unset = Document()
        taken = {
            name: getattr(main, name)
            for name in unset.__struct_fields__
            if name != "only" and getattr(self, name) == getattr(unset, name)
        }
        return replace(self, **taken)


class Place(Struct, frozen=True):
    """A document and where it and its page are served; no page where `page` is empty."""

    document: Document
    path: str
    page: str
