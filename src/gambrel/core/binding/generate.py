"""Write the endpoint of a route as Python source, as `dataclasses` writes an `__init__`.

The function binds, calls the handler and answers, with nothing left to decide per request. It is
the only generated code in the house; `gambrel routes --source NAME` shows it, and the tests hold
it against the closures of `plan.py` input for input.
"""

import linecache
import types
import typing
from collections.abc import Callable
from itertools import count
from typing import Any, get_args, get_origin

from gambrel.conversion.errors import ConversionError
from gambrel.core.binding.plan import Plan, is_coroutine
from gambrel.core.binding.signature import Parameter
from gambrel.core.binding.unwaiting import Runner
from gambrel.core.http.query import parse_query_dict
from gambrel.core.http.response import Reply

__all__ = ["generate"]

_NUMBER = count(1)
_CONVERTERS: dict[Any, str] = {int: "to_int", float: "to_float", bool: "to_bool"}


def generate(plan: Plan) -> Callable[..., Any]:
    """Return `endpoint(request)` for a plan without dependencies; `__source__` is its text.

    It is a coroutine function where the handler may wait, else a plain function that returns a
    response, or the coroutine of the error boundary.
    """
    source = "\n".join(Writer(plan).lines()) + "\n"
    filename = f"<endpoint {plan.signature.name} #{next(_NUMBER)}>"
    namespace: dict[str, Any] = {
        "ConversionError": ConversionError,
        "Reply": Reply,
        "baked": plan.result.baked,
        "diagnose": plan.diagnose,
        "failed": plan.context.failed,
        "fast_type": plan.result.fast_type,
        "handler": plan.signature.origin,
        "load": plan.load,
        "parse_query_dict": parse_query_dict,
        "project": plan.result.project,
        "respond": plan.result.respond,
    }
    if " runner." in source:
        namespace["runner"] = Runner()
    if " encode(" in source:
        namespace["encode"] = plan.result.encode
    if "= to_" in source:
        from gambrel.conversion import text  # noqa: PLC0415 - start-up: parameters

        namespace |= {name: getattr(text, name) for name in _CONVERTERS.values()}
    for parameter in plan.parameters:
        namespace[f"default_{parameter.name}"] = parameter.default
        namespace[f"extract_{parameter.name}"] = plan.extractors[parameter.name]
    for name, decode in plan.decoders.items():
        namespace[f"decode_{name}"] = decode
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - our own text, from names of parameters only
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    endpoint: Callable[..., Any] = namespace["endpoint"]
    endpoint.__source__ = source  # type: ignore[attr-defined]  # functions take attributes
    return endpoint


class Writer:
    """Writes the lines of one endpoint."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.is_async = plan.waits
        self.is_run = is_coroutine(plan.signature) and not plan.waits

    def lines(self) -> list[str]:
        """Return the source, line by line."""
        awaiting = "await " if self.is_async else ""
        binding = [*self.read_body(), *self.bind_path(), *self.bind_query(), *self.bind_rest()]
        head = [f"{'async ' if self.is_async else ''}def endpoint(request):"]
        if binding:
            head += [
                "    try:",
                *(f"        {line}" for line in binding),
                "    except (Exception, SystemExit) as error:",
                f"        return {awaiting}failed(request, diagnose(request, error))",
            ]
        call, caught, error = f"handler({self.arguments()})", "(Exception, SystemExit)", "error"
        if self.is_run:
            call, caught, error = f"runner.run({call})", "BaseException", "runner.failed(error)"
        return [
            *head,
            "    try:",
            f"        result = {awaiting}{call}",
            *(f"        {line}" for line in self.answer()),
            f"    except {caught} as error:",
            f"        return {awaiting}failed(request, {error})",
        ]

    def read_body(self) -> list[str]:
        """A body still on its way is awaited; sync endpoints are called once it is there."""
        if not self.plan.reads_body or not self.is_async:
            return []
        if self.plan.reads_form:
            return ["await load(request)"]
        return ["if not request.is_buffered:", "    await load(request)"]

    def bind_path(self) -> list[str]:
        """Path parameters of simple types, converted in place."""
        lines = []
        for parameter in self.simple("path"):
            value = f"request.params[{parameter.alias!r}]"
            kind = scalar_of(parameter.annotation)
            if kind is str:
                lines.append(f"arg_{parameter.name} = {value}")
            else:
                lines += [
                    f"arg_{parameter.name} = {value}",
                    f"if arg_{parameter.name}.__class__ is str:",
                    f"    arg_{parameter.name} = {_CONVERTERS[kind]}(arg_{parameter.name})",
                ]
        return lines

    def bind_query(self) -> list[str]:
        """Query parameters of simple types, from one look at the query string."""
        parameters = self.simple("query")
        if not parameters:
            return []
        found: list[str] = []
        absent: list[str] = []
        for parameter in parameters:
            name = f"arg_{parameter.name}"
            fallback = f"default_{parameter.name}"
            if parameter.is_required:
                fallback = f"extract_{parameter.name}(request)"
            found += [
                f"{name} = fields.get({parameter.alias!r})",
                f"if {name} is None:",
                f"    {name} = {fallback}",
                *convert_text(name, scalar_of(parameter.annotation)),
            ]
            absent.append(f"{name} = {fallback}")
        return [
            "if request.query_string:",
            "    fields = parse_query_dict(request.query_string)",
            *(f"    {line}" for line in found),
            "else:",
            *(f"    {line}" for line in absent),
        ]

    def bind_rest(self) -> list[str]:
        """Everything else goes through its extractor."""
        quick = {p.name for p in (*self.simple("path"), *self.simple("query"))}
        lines = []
        for parameter in self.plan.parameters:
            fallback = f"arg_{parameter.name} = extract_{parameter.name}(request)"
            if parameter.name in self.plan.decoders:
                lines += [
                    "if request.headers.media_type == 'application/json':",
                    f"    arg_{parameter.name} = decode_{parameter.name}(request._body)",
                    "else:",
                    f"    {fallback}",
                ]
            elif parameter.name not in quick:
                lines.append(fallback)
        return lines

    def simple(self, source: str) -> list[Parameter]:
        """Return the parameters of `source` whose type is a plain scalar."""
        return [
            p
            for p in self.plan.parameters
            if p.source == source and scalar_of(p.annotation) is not None
        ]

    def arguments(self) -> str:
        """Return the argument list of the call."""
        return ", ".join(
            f"{p.name}=arg_{p.name}" if p.keyword_only else f"arg_{p.name}"
            for p in self.plan.parameters
        )

    def answer(self) -> list[str]:
        """The exact declared type goes straight to its encoder; the rest is looked at."""
        result, has_draft = self.plan.result, self.plan.has_draft
        if result.fast_type is None:
            return ["return respond(request, result)"]
        if result.fast_type is str:
            test, body = "result.__class__ is str", "result.encode()"
        else:
            test = "result.__class__ is fast_type and request.headers.takes_json"
            body = "encode(result)" if result.is_exact else "encode(project(result))"
        test = f"{test} and 'draft' not in request.__dict__" if has_draft else test
        return [
            f"if {test}:",
            f"    return Reply(baked, {body})",
            "return respond(request, result)",
        ]


def convert_text(name: str, kind: Any) -> list[str]:
    """Return the branch that turns a text into `kind`; a list of texts is a repeated name."""
    if kind is str:
        return [
            f"elif {name}.__class__ is not str:",
            "    raise ConversionError('duplicate', '')",
        ]
    return ["else:", f"    {name} = {_CONVERTERS[kind]}({name})"]


def scalar_of(annotation: Any) -> Any:
    """Return int, float, bool or str for that type or its union with None, else None."""
    if get_origin(annotation) in {typing.Union, types.UnionType}:
        members = [arg for arg in get_args(annotation) if arg is not type(None)]
        annotation = members[0] if len(members) == 1 else None
    return annotation if annotation in {int, float, bool, str} else None
