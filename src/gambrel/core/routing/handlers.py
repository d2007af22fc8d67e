"""Class-based handlers: a class with methods `get`, `post`, … as one function per method.

The class is made anew for every request; what its constructor asks for is bound like the
parameters of the method. Routers call this when a class is declared.
"""

import functools
import inspect
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from gambrel.core.http.errors import GambrelError

VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "query", "trace", "websocket")
"""The method names of a class that are handlers; any other is its own business."""


def split_class(cls: type, where: str) -> dict[str, Callable[..., Any]]:
    """Return one handler per HTTP method the class has.

    Raises:
        GambrelError: it has none.
    """
    found = {verb.upper(): as_function(cls, verb) for verb in VERBS if hasattr(cls, verb)}
    if not found:
        what = f"{cls.__qualname__} has no method that handles a request"
        raise GambrelError("routing.class", what, where, "name a method get, post, …")
    return found


def as_function(cls: type, verb: str) -> Callable[..., Any]:
    """Return a function that makes an instance and calls its method `verb`.

    It is of the method's kind (coroutine, generator, …) and has the parameters of the constructor
    and the method together.
    """
    method = getattr(cls, verb)
    made = list(signature_of(cls).parameters.values())
    called = list(signature_of(method).parameters.values())[1:]
    making, calling = ([parameter.name for parameter in found] for found in (made, called))

    def start(arguments: dict[str, Any]) -> Any:
        instance = cls(**{name: arguments[name] for name in making if name in arguments})
        given = {name: arguments[name] for name in calling if name in arguments}
        return getattr(instance, verb)(**given)

    call = wrapper_of(method, start)
    functools.update_wrapper(call, method)
    joined = {parameter.name: parameter for parameter in [*made, *called]}
    ordered = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in joined.values()]
    returns = signature_of(method).return_annotation
    call.__signature__ = inspect.Signature(ordered, return_annotation=returns)  # type: ignore[attr-defined]  # read by inspect.signature
    return call


def wrapper_of(method: Callable[..., Any], start: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of the same kind as `method` that runs `start`."""

    def call(**arguments: Any) -> Any:
        return start(arguments)

    async def call_async(**arguments: Any) -> Any:
        return await start(arguments)

    def call_generator(**arguments: Any) -> Any:
        return (yield from start(arguments))

    async def call_async_generator(**arguments: Any) -> Any:
        async with aclosing(start(arguments)) as items:
            async for item in items:
                yield item

    if inspect.isasyncgenfunction(method):
        return call_async_generator
    if inspect.isgeneratorfunction(method):
        return call_generator
    return call_async if inspect.iscoroutinefunction(method) else call


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return the signature with annotations as types where they can be read."""
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:
        return inspect.signature(function)
