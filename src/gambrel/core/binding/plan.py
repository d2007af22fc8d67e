"""Room 4: the compiled call of one handler.

`Plan` reads the signature once. Its closures (`bind`) are the reference; `generate.py` writes a
faster function that does the same, and falls back to `diagnose` to find every fault at once.
"""

from collections.abc import Callable, Collection, Coroutine
from typing import Any

import msgspec
from msgspec import Struct

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.errors import Fault, InvalidError, MalformedError
from gambrel.conversion.text import ConversionError
from gambrel.core.binding.dependencies import Graph
from gambrel.core.binding.extract import Extractor, build_extractor, join_bodies
from gambrel.core.binding.markers import Depends
from gambrel.core.binding.providers import Providers
from gambrel.core.binding.result import Bake, Result
from gambrel.core.binding.signature import Parameter, Signature, read_signature
from gambrel.core.http.errors import BadRequest, HTTPError, Unprocessable
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response

__all__ = ["Context", "Plan"]

_FORM_SOURCES = {"form", "file"}


class Context(Struct, frozen=True):
    """What the app lends to every plan: baked heads, the error boundary, the providers."""

    bake: Bake
    failed: Callable[[Request, BaseException], Coroutine[Any, Any, Response]]
    providers: Providers


class Plan:
    """How one handler is called: where each argument comes from and what the result becomes."""

    def __init__(
        self,
        handler: Callable[..., Any],
        context: Context,
        *,
        path_names: Collection[str] = (),
        status: int | None = None,
        returns: Any = None,
        dependencies: tuple[Depends, ...] = (),
        inline: bool = False,
    ) -> None:
        self.handler = handler
        self.context = context
        self.signature: Signature = read_signature(handler, path_names, context.providers.has)
        declared = self.signature.returns if returns is None else returns
        self.result = Result(declared, status, context.bake)
        self.parameters = self.signature.parameters
        self.inline = inline
        self.graph = Graph.of(self.signature, dependencies, context.providers, path_names)
        inputs = () if self.graph is None else self.graph.inputs
        self.sources = {parameter.source for parameter in (*self.parameters, *inputs)}
        self.extractors: dict[str, Extractor] = self.build_extractors(self.parameters)
        self.decoders = json_bodies(self.parameters)

    @staticmethod
    def build_extractors(parameters: tuple[Parameter, ...]) -> dict[str, Extractor]:
        """Return one extractor per parameter that comes from the request itself."""
        own = [p for p in parameters if p.source not in {"depends", "provider"}]
        bodies = [p for p in own if p.source == "body"]
        joined = join_bodies(bodies) if len(bodies) > 1 else {}
        return {p.name: joined.get(p.name) or build_extractor(p) for p in own}

    @property
    def reads_form(self) -> bool:
        """Whether a form must be read before binding."""
        return bool(self.sources & _FORM_SOURCES)

    @property
    def reads_body(self) -> bool:
        """Whether the body must be read before binding."""
        return "body" in self.sources or self.reads_form

    def is_ready(self, request: Request) -> bool:
        """Whether binding can start at once: nothing to read, or it is here already."""
        if not self.reads_body:
            return True
        if self.reads_form or request.media_type == "multipart/form-data":
            return "form_data" in request.__dict__
        return request.is_buffered

    async def load(self, request: Request) -> None:
        """Read what binding needs. Raises HTTPError for a body that cannot be read."""
        if self.reads_form or request.media_type == "multipart/form-data":
            await request.form()
        else:
            await request.body()

    def bind(self, request: Request) -> dict[str, Any]:
        """Return the arguments that come from the request; raises at the first fault."""
        return {name: extract(request) for name, extract in self.extractors.items()}

    def diagnose(self, request: Request, error: Exception) -> Exception:
        """Return one error with every fault of the request; `error` itself if there is none."""
        return diagnose(request, error, self.parameters, self.extractors)

    def diagnose_all(self, request: Request, error: Exception) -> Exception:
        """The same, with the inputs of every dependency."""
        faults: list[Fault] = []
        nodes = self.graph.nodes if self.graph is not None else []
        everything = [(node.signature.parameters, node.inputs) for node in nodes]
        for parameters, extractors in [*everything, (self.parameters, self.extractors)]:
            found = diagnose(request, error, parameters, extractors)
            if isinstance(found, Unprocessable):
                faults.extend(found.faults)
            elif found is not error:
                return found
        return Unprocessable(faults=unique(faults)) if faults else error


def json_bodies(parameters: tuple[Parameter, ...]) -> dict[str, Callable[[bytes], Any]]:
    """Return the JSON decoder of the one body parameter, for the generated short cut."""
    bodies = [p for p in parameters if p.source == "body"]
    if len(bodies) != 1 or bodies[0].annotation is bytes:
        return {}
    pinned = getattr(bodies[0].marker, "media_type", None)
    return {} if pinned else {bodies[0].name: json_decoder(bodies[0].annotation)}


def diagnose(
    request: Request,
    error: Exception,
    parameters: tuple[Parameter, ...],
    extractors: dict[str, Extractor],
) -> Exception:
    """Run every extractor and return one `Unprocessable` with all faults, else `error`.

    An error of the whole request, such as a body that is too large, is returned as it is.
    """
    if isinstance(error, HTTPError | ClientGone) and not isinstance(error, Unprocessable):
        return error
    faults: list[Fault] = []
    for parameter in parameters:
        if parameter.name not in extractors:
            continue
        try:
            extractors[parameter.name](request)
        except ConversionError as conversion:
            faults.append(fault_of(parameter, conversion))
        except InvalidError as invalid:
            faults.extend(located(parameter, fault) for fault in invalid.faults)
        except MalformedError as malformed:
            return BadRequest(str(malformed))
        except HTTPError as refused:
            return refused
    return Unprocessable(faults=unique(faults)) if faults else error


def fault_of(parameter: Parameter, error: ConversionError) -> Fault:
    """Return the fault of one scalar."""
    location = "form" if parameter.source == "file" else parameter.source
    return Fault(location=location, path=parameter.alias, message=error.message, code=error.code)


def located(parameter: Parameter, fault: Fault) -> Fault:
    """Return `fault` with the place it was found in."""
    location = "form" if parameter.source in _FORM_SOURCES else parameter.source
    return msgspec.structs.replace(fault, location=location)


def unique(faults: list[Fault]) -> list[Fault]:
    """Return the faults without repetition (several parameters may read one body)."""
    seen: list[Fault] = []
    for fault in faults:
        if fault not in seen:
            seen.append(fault)
    return seen
