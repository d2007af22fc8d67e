"""`Renderer`: makes texts and responses from the templates of one app.

The app opens one (see `extension.py`); a `Template` finds it there, and a handler or a job that
wants the text itself asks for it by type.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from gambrel.core.http.response import Baked, Reply, Response
from gambrel.templates.assets import Assets
from gambrel.templates.names import media_type_of
from gambrel.templates.page import Make, Page, values_of
from gambrel.templates.streaming import (
    LateTemplate,
    OwnDraft,
    SentDraft,
    gather,
    gather_awaited,
    guarded,
    lay_over,
    streamed,
    streamed_awaited,
)

__all__ = ["Renderer"]

Processor = Callable[[Any], Any]
Bake = Callable[[int, str], Baked]
SCOPED = "templates.context:"
"""Begins the keys of a route's `extra` that give values to its pages."""
_NO_OPTIONS = SimpleNamespace(extra={})


class Renderer:
    """The templates of an app, ready to be used.

    `environment` is its Jinja environment, `makers` make the globals of a page, `processors` the
    values that every page has, `bake` the heads of its responses.
    """

    def __init__(
        self,
        environment: Any,
        makers: Mapping[str, Make],
        processors: Iterable[Processor] = (),
        bake: Bake = lambda status, kind: Baked(status, [("content-type", kind)]),
        assets: Assets | None = None,
    ) -> None:
        self.environment = environment
        self.makers = makers
        self.processors = tuple(processors)
        self.is_waiting = any(map(is_async, self.processors))
        self.bake = bake
        self.assets = assets or Assets(environment)
        self.heads: dict[tuple[int, str], Baked] = {}

    def render(
        self, name: str, context: Any = None, *, block: str = "", request: Any = None
    ) -> str:
        """Return the text of a template: a page, a mail, a fragment.

        Without a request there are no globals that need one. Raises GambrelError where there is no
        such template or block; what fails in the template is raised as it is.
        """
        common = {} if request is None else self.common(request)
        return self.joined(self.begin(self.environment, name, context, block, request, common))

    async def render_async(
        self, name: str, context: Any = None, *, block: str = "", request: Any = None
    ) -> str:
        """Return the text of a template that waits: coroutines are awaited, `for` takes async ones.

        Raises as `render`.
        """
        common = {} if request is None else await self.common_awaited(request)
        waiting = self.environment.waiting
        pieces: Any = self.begin(waiting, name, context, block, request, common)
        return "".join([piece async for piece in guarded(pieces, waiting.handle_exception)])

    def forget(self, name: str) -> None:
        """Make the parts of pages of a name anew: `{% cache "menu" %}`. In this process."""
        self.environment.fragments.forget(name)

    def begin(
        self,
        environment: Any,
        name: str,
        context: Any,
        block: str,
        request: Any,
        common: Mapping[str, Any],
    ) -> Any:
        """Return what makes the pieces of a text, one by one. Raises GambrelError."""
        engine = environment.engine_of(name)
        if engine is not None:
            own = {} if request is None else {"request": request}
            return [environment.made_by(engine, name, {**own, **common, **values_of(context)})]
        template = environment.find(name, block)
        values = {**common, **environment.fit(name, values_of(context))}
        within = environment.context_for(template, values, Page(request, self.makers))
        return template.root_render_func(within)

    def joined(self, pieces: Iterable[str]) -> str:
        """Return the text of all pieces; what fails has the line of the template in its trace."""
        try:
            return "".join(pieces)
        except Exception:
            self.environment.handle_exception()
            raise

    # Values that every page has -----------------------------------------------------------------

    def common(self, request: Any) -> dict[str, Any]:
        """Return the values that every page has."""
        values: dict[str, Any] = {}
        for process in (*self.processors, *self.processors_of(request.route)):
            values.update(process(request))
        return values

    async def common_awaited(self, request: Any) -> dict[str, Any]:
        """Return the same, waiting for functions that wait."""
        values: dict[str, Any] = {}
        for process in (*self.processors, *self.processors_of(request.route)):
            found = process(request)
            values.update(await found if inspect.isawaitable(found) else found)
        return values

    def processors_of(self, route: Any) -> tuple[Processor, ...]:
        """Return what gives values to the pages of a route and its groups."""
        extra = getattr(route, "options", _NO_OPTIONS).extra
        return tuple(extra[key] for key in extra if key.startswith(SCOPED)) if extra else ()

    def waits_for(self, route: Any) -> bool:
        """Whether the pages of a route have values that have to be waited for."""
        return self.is_waiting or any(map(is_async, self.processors_of(route)))

    # Responses ----------------------------------------------------------------------------------

    def answer(self, template: Any, request: Any) -> Response:
        """Return the response of a `Template` to a request. Raises as `render`."""
        if template.waits or self.waits_for(request.route):
            return LateTemplate(template, partial(self.answer_late, template, request))
        name, block, environment = template.name, template.block, self.environment
        with OwnDraft(request) as draft:
            common = self.common(request)
            pieces = self.begin(environment, name, template.context, block, request, common)
            if not template.stream:
                return self.respond(template, self.joined(pieces).encode(), template, draft)
            chunks = gather(pieces, environment.handle_exception)
            first = next(chunks, b"")  # what fails at the beginning is an error of its own
            response = self.respond(template, (), template, draft)
            response.body = streamed(first, chunks, partial(leave, request, response))
            return response

    async def answer_late(self, template: Any, request: Any, shape: Response) -> Response:
        """Return the same where it has to wait, with what was set on `shape` meanwhile."""
        environment = self.environment.waiting if template.waits else self.environment
        name, context, block = template.name, template.context, template.block
        with OwnDraft(request) as draft:
            common = await self.common_awaited(request)
            pieces = self.begin(environment, name, context, block, request, common)
            if not template.waits:
                return self.respond(template, self.joined(pieces).encode(), shape, draft)
            chunks = gather_awaited(guarded(pieces, environment.handle_exception))
            if not template.stream:
                body = b"".join([chunk async for chunk in chunks])
                return self.respond(template, body, shape, draft)
            first = await anext(chunks, b"")
            response = self.respond(template, (), shape, draft)
            response.body = streamed_awaited(first, chunks, partial(leave, request, response))
            return response

    def respond(self, template: Any, body: Any, shape: Response, draft: OwnDraft) -> Response:
        """Return a response with a body, and with status, headers and callbacks of `shape`."""
        kind = template.kind or media_type_of(template.name)
        fields = draft.fields()
        is_plain = shape._headers is None and not shape._callbacks and not fields  # noqa: SLF001
        if is_plain and isinstance(body, bytes):
            return Reply(self.head(shape.status, kind), body)
        response = Response(body, shape.status, shape.headers.pairs(), with_charset(kind))
        lay_over(response, fields)
        for callback in shape.callbacks:
            response.on_close(callback)
        return response

    def head(self, status: int, kind: str) -> Baked:
        """Return the head of pages with a status and a media type, made once."""
        head = self.heads.get((status, kind))
        if head is None:
            head = self.heads[status, kind] = self.bake(status, with_charset(kind))
        return head


def leave(request: Any, response: Response) -> None:
    """Let nothing more be said in the head of a streamed page: it has left."""
    draft = request.__dict__.get("draft")
    laid = [] if draft is None else draft.headers.pairs()
    request.__dict__["draft"] = SentDraft([*laid, *response.headers.pairs()])


def is_async(function: Any) -> bool:
    """Whether a function, or an object that is called, is a coroutine function."""
    call = function if inspect.isroutine(function) else type(function).__call__
    return inspect.iscoroutinefunction(call)


def with_charset(kind: str) -> str:
    """Return a media type with its charset, where it has one: texts, and XML."""
    is_text = kind.startswith("text/") or kind.endswith("xml")
    return f"{kind}; charset=utf-8" if is_text and "charset" not in kind else kind
