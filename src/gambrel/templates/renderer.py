"""`Renderer`: makes texts and responses from the templates of one app.

The app opens one (see `extension.py`); a `Template` finds it there, and a handler or a job that
wants the text itself asks for it by type.
"""

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from gambrel.core.http.response import Baked, Reply, Response
from gambrel.templates.names import media_type_of
from gambrel.templates.page import Make, Page, values_of

__all__ = ["Renderer"]

Processor = Callable[[Any], Mapping[str, Any]]
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
    ) -> None:
        self.environment = environment
        self.makers = makers
        self.processors = tuple(processors)
        self.bake = bake
        self.heads: dict[tuple[int, str], Baked] = {}

    def render(
        self, name: str, context: Any = None, *, block: str = "", request: Any = None
    ) -> str:
        """Return the text of a template: a page, a mail, a fragment.

        Without a request there are no globals that need one. Raises GambrelError where there is no
        such template or block; what fails in the template is raised as it is.
        """
        template = self.environment.find(name, block)
        values = values_of(context)
        if request is not None:
            values = {**self.common(request), **values}
        within = self.environment.context_for(template, values, Page(request, self.makers))
        try:
            return "".join(template.root_render_func(within))
        except Exception:
            self.environment.handle_exception()
            raise

    def common(self, request: Any) -> dict[str, Any]:
        """Return the values that every page has."""
        values: dict[str, Any] = {}
        for process in (*self.processors, *self.processors_of(request.route)):
            values.update(process(request))
        return values

    def processors_of(self, route: Any) -> tuple[Processor, ...]:
        """Return what gives values to the pages of a route and its groups."""
        extra = getattr(route, "options", _NO_OPTIONS).extra
        return tuple(extra[key] for key in extra if key.startswith(SCOPED)) if extra else ()

    def answer(self, template: Any, request: Any) -> Response:
        """Return the response of a `Template` to a request. Raises as `render`."""
        name, kind = template.name, template.kind or media_type_of(template.name)
        of_request = request.__dict__
        outer = of_request.pop("draft", None)  # what globals of the page set is for this page
        try:
            text = self.render(name, template.context, block=template.block, request=request)
        finally:
            drafted = of_request.pop("draft", None)
            if outer is not None:
                of_request["draft"] = outer
        body = text.encode()
        if drafted is None and template._headers is None and not template.callbacks:  # noqa: SLF001
            return Reply(self.head(template.status, kind), body)
        response = Response(body, template.status, template.headers.pairs(), kind)
        for field, value in drafted.headers.pairs() if drafted is not None else ():
            response.headers.add(field, value)
        for callback in template.callbacks:
            response.on_close(callback)
        return response

    def head(self, status: int, kind: str) -> Baked:
        """Return the head of pages with a status and a media type, made once."""
        head = self.heads.get((status, kind))
        if head is None:
            head = self.heads[status, kind] = self.bake(status, with_charset(kind))
        return head


def with_charset(kind: str) -> str:
    """Return a media type with its charset, where it has one: texts, and XML."""
    is_text = kind.startswith("text/") or kind.endswith("xml")
    return f"{kind}; charset=utf-8" if is_text and "charset" not in kind else kind
