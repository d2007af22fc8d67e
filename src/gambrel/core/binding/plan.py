"""Room 4: the compiled call of one handler.

`Plan` reads the signature once. Its closures (`bind`) are the reference; `generate.py` writes a
faster function that does the same, and falls back to `diagnose` to find every fault at once.
"""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from msgspec import Struct, structs

from gambrel.conversion.errors import (
    ConversionError,
    Fault,
    GambrelError,
    InvalidError,
    MalformedError,
)
from gambrel.core.binding.dependencies import Chain, Graph, no_provider
from gambrel.core.binding.extract import Extractor, build_extractor, join_bodies
from gambrel.core.binding.providers import Providers
from gambrel.core.binding.result import Bake, Result
from gambrel.core.binding.signature import (
    Parameter,
    Signature,
    is_struct_type,
    read_signature,
    spell,
    strip_annotated,
    without_none,
)
from gambrel.core.binding.unwaiting import can_wait
from gambrel.core.http.errors import BadRequest, Unprocessable
from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Context", "Plan"]

_FORM_SOURCES = {"form", "file"}
_BODY_SOURCES = {"body", *_FORM_SOURCES}
_TEXTS = {"path", "query", "header", "cookie"}


class Context(Struct, frozen=True):
    """What the app lends to every plan: baked heads, the error boundary, the providers."""

    bake: Bake
    failed: Callable[[Request, BaseException], Coroutine[Any, Any, Response]]
    providers: Providers
    debug: bool


class Plan:
    """How one handler is called: where each argument comes from and what the result becomes."""

    def __init__(
        self,
        handler: Callable[..., Any],
        context: Context,
        *,
        path_names: Mapping[str, type | None],
        status: int | None = None,
        returns: Any = None,
        dependencies: tuple[Any, ...] = (),
        inline: bool = False,
    ) -> None:
        self.context = context
        self.signature = signature = read_signature(handler, path_names, context.providers.has)
        self.handler = signature.call
        declared = signature.returns if returns is None else returns
        self.result = Result(declared, status, context.bake, signature.name, signature.where)
        if context.debug and self.result.fast_type in {dict, list}:
            self.result.fast_type = None  # looked into, which costs more than writing them
        self.parameters = signature.parameters
        self.message: Any = None  # what a WebSocket takes, as its battery says
        self.inline = inline
        self.waits = is_coroutine(signature) and can_wait(signature.origin)
        self.graph = Graph.of(signature, dependencies, context.providers, path_names)
        self.extractors: dict[str, Extractor] = {}
        self.inputs = self.build_inputs()
        sources = {parameter.source for parameter, _ in self.inputs}
        self.has_draft = any(is_drafting(parameter) for parameter, _ in self.inputs)
        self.reads_form = bool(sources & _FORM_SOURCES)
        self.decoders = {} if self.reads_form else json_bodies([p for p, _ in self.inputs])
        self.reads_body = bool(sources & _BODY_SOURCES)
        made = [node.signature.origin for node in self.graph.nodes]
        self.takes_files = "file" in sources or any(hasattr(m, "__takes_files__") for m in made)

    @property
    def uses_threads(self) -> bool:
        """Whether a worker thread runs the handler or one of its dependencies."""
        calls = [(self.signature, self.inline)]
        calls += [(node.signature, node.depends.inline) for node in self.graph.nodes]
        return not all(
            is_inline or signature.is_async or isinstance(signature.origin, type)
            for signature, is_inline in calls
        )

    def build_inputs(self) -> list[tuple[Parameter, Extractor]]:
        """Make the extractors of the dependencies and of the handler, and return all in order."""
        own = [p for p in self.parameters if p.name not in self.graph.root]
        owners: list[tuple[Chain, list[Parameter], dict[str, Extractor]]] = [
            *((node.chain, node.parameters, node.inputs) for node in self.graph.nodes),
            ((self.signature,), own, self.extractors),
        ]
        for node in self.graph.nodes:
            node.reads_body = reads(node.parameters)
        joined = joined_bodies([(chain[-1], p) for chain, taken, _ in owners for p in taken])
        for chain, taken, extractors in owners:
            for p in taken:
                member = joined.get(p.alias) if is_member(p) else None
                extractors[p.name] = member or build_input(p, chain)
        return [(p, made[p.name]) for _, taken, made in owners for p in taken]

    def is_ready(self, request: Request) -> bool:
        """Whether binding can start at once: nothing to read, or it is here already."""
        if not self.reads_body:
            return True
        if self.reads_form:
            return "form_data" in request.__dict__
        return request.is_buffered

    async def load(self, request: Request) -> None:
        """Read what binding needs. Raises HTTPError for a body that cannot be read."""
        if self.reads_form:
            await request.form()
        else:
            await request.body()

    def bind(self, request: Request) -> dict[str, Any]:
        """Return the arguments that come from the request; raises at the first fault."""
        return {name: extract(request) for name, extract in self.extractors.items()}

    def diagnose(self, request: Request, error: Exception) -> Exception:
        """Return one error for all that is wrong with the input of handler and dependencies.

        That is `error` itself where the body could not be had. What is wrong with the request as
        a whole (400, 415) goes before faults of single values.
        """
        if not self.is_ready(request):
            return error
        faults: list[Fault] = []
        for parameter, extract in self.inputs:
            try:
                extract(request)
            except ConversionError as conversion:
                faults.append(fault_of(parameter, conversion))
            except InvalidError as invalid:
                faults.extend(located(parameter, found) for found in invalid.faults)
            except MalformedError as malformed:
                return BadRequest(str(malformed))
            except Exception as other:
                return other
        return Unprocessable(faults=dict.fromkeys(faults)) if faults else error


def build_input(parameter: Parameter, chain: Chain) -> Extractor:
    """Return the extractor of a parameter. Raises GambrelError with its place where none fits."""
    try:
        if parameter.source in _TEXTS and is_ruled(parameter.annotation):
            decoder_of(parameter.annotation)  # tells of rules that are not for their type
        return build_extractor(parameter)
    except GambrelError as error:
        kind = without_none(strip_annotated(parameter.annotation))
        is_open = parameter.marker is None and parameter.source == "query"
        if (
            is_open
            and not is_ruled(parameter.annotation)
            and isinstance(kind, type)
            and not get_args(kind)
        ):
            raise no_provider(parameter, chain) from error
        what = f"parameter {parameter.name!r} of {chain[-1].name}: {error.what}"
        raise GambrelError(error.code, what, chain[-1].where, error.hint) from error


def is_ruled(annotation: Any) -> bool:
    """Whether a type has rules of its own, or fields that may."""
    return get_origin(annotation) is Annotated or is_struct_type(without_none(annotation))


def is_coroutine(signature: Signature) -> bool:
    """Whether a handler is a coroutine function."""
    return signature.is_async and not signature.is_generator


def reads(parameters: Iterable[Parameter]) -> bool:
    """Whether one of some parameters comes from the body."""
    return any(parameter.source in _BODY_SOURCES for parameter in parameters)


def is_drafting(parameter: Parameter) -> bool:
    """Whether a parameter lets its function say more of the response than it returns."""
    kind = without_none(strip_annotated(parameter.annotation))
    return parameter.source == "framework" and kind in {Request, Response, ResponseHeaders}


def is_member(parameter: Parameter) -> bool:
    """Whether a parameter is one of several that may share a body; bytes are all of it."""
    return parameter.source == "body" and strip_annotated(parameter.annotation) is not bytes


def joined_bodies(taken: list[tuple[Signature, Parameter]]) -> dict[str, Extractor]:
    """Return the extractors of several bodies, or bodies in a form, by alias; of one, none."""
    bodies: dict[str, Parameter] = {}
    for signature, parameter in taken:
        if not is_member(parameter):
            continue
        known = bodies.setdefault(parameter.alias, parameter)
        if known.annotation != parameter.annotation:
            kind, here = spell(known.annotation), f"{signature.name}, {spell(parameter.annotation)}"
            what = f"{parameter.alias!r} of the body is both {kind} and, for {here}"
            hint = "give one of them another name: several bodies are members of one object"
            raise GambrelError("binding.two-bodies", what, signature.where, hint)
    in_form = any(parameter.source in _FORM_SOURCES for _, parameter in taken)
    is_joined = len(bodies) > 1 or (bodies and in_form)
    return join_bodies(list(bodies.values()), in_form=in_form) if is_joined else {}


def json_bodies(parameters: list[Parameter]) -> dict[str, Callable[[bytes], Any]]:
    """Return the JSON decoder of the one required body, for the generated short cut."""
    bodies = [p for p in parameters if is_member(p)]
    pinned = len(bodies) == 1 and getattr(bodies[0].marker, "media_type", None)
    if len(bodies) != 1 or pinned or not bodies[0].is_required:
        return {}
    return {bodies[0].name: decoder_of(bodies[0].annotation)}


def decoder_of(annotation: Any) -> Callable[[bytes], Any]:
    """Return the JSON decoder of a type. Raises GambrelError for one that is none."""
    from gambrel.conversion.convert import json_decoder  # noqa: PLC0415 - start-up: bodies

    return json_decoder(annotation)


def fault_of(parameter: Parameter, error: ConversionError) -> Fault:
    """Return the fault of one scalar."""
    from gambrel.conversion.faults import fault  # noqa: PLC0415 - start-up: faults

    path = (parameter.alias,) if error.index is None else (parameter.alias, error.index)
    return fault(location_in(parameter), path, error.code, error.message)


def located(parameter: Parameter, found: Fault) -> Fault:
    """Return a fault with the place it was found in; a field of headers by its name there."""
    if parameter.source == "header":
        path, pointer = found.path.replace("_", "-"), found.pointer.replace("_", "-")
        return structs.replace(found, location="header", path=path, pointer=pointer)
    return structs.replace(found, location=location_in(parameter))


def location_in(parameter: Parameter) -> str:
    """Return how an answer calls the place that a parameter is read from."""
    return "form" if parameter.source in _FORM_SOURCES else parameter.source
