"""`Templates`: the extension that finds templates, and the Points that others add to them."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import MESSAGES, TEMPLATE_FILTERS, TEMPLATE_GLOBALS, Point, Problem, Setup
from gambrel.templates.assets import ROUTE, Assets
from gambrel.templates.page import BUILT_IN
from gambrel.templates.renderer import SCOPED, Renderer

__all__ = [
    "TEMPLATE_CONTEXT",
    "TEMPLATE_FILTERS",
    "TEMPLATE_FOLDERS",
    "TEMPLATE_TESTS",
    "Templates",
    "page_values",
]

Named = tuple[str, Callable[..., Any]]

TEMPLATE_FOLDERS: Point[Any] = Point("folder of templates")
"""A folder of an extension, or a mapping of texts by name. The app's own come before."""
TEMPLATE_TESTS: Point[Named] = Point("template test", key=lambda entry: entry[0])
"""A test for all templates, as in `is even`: `(name, function)`."""
TEMPLATE_CONTEXT: Point[Callable[[Any], Any]] = Point("values of templates")
"""Values that every page has: `values(request)` returns a mapping."""


class Templates:
    """Answer with templates: handlers return `Template("page.html", {...})`.

    `folders` are relative to the file that this is written in; without any it is `templates`
    beside it. A mapping of texts by name is one, too. What is found in the first folder wins, and
    the app's come before those of its extensions. `filters`, `tests` and `globals` are functions
    and values by name for all templates; `context` functions give values for every page:
    `values(request)` returns a mapping. `engines` make templates of other endings:
    `engines={"mako": make}`, and `make(name, text, values)` returns the page. Styles and scripts
    of components are served below `assets`.
    """

    name = "templates"
    requires = ()
    settings = None

    def __init__(
        self,
        *folders: Any,
        filters: Mapping[str, Callable[..., Any]] | None = None,
        tests: Mapping[str, Callable[..., Any]] | None = None,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - what everybody calls them
        context: Any = (),
        engines: Mapping[str, Callable[[str, str, dict[str, Any]], str]] | None = None,
        assets: str = "/_components",
    ) -> None:
        self.folders = folders
        self.filters = dict(filters or {})
        self.tests = dict(tests or {})
        self.globals = dict(globals or {})
        self.context = (context,) if callable(context) else tuple(context)
        self.engines = dict(engines or {})
        self.assets = assets.rstrip("/")
        self.beside = folder_of(sys._getframe(1).f_code.co_filename)  # noqa: SLF001

    def install(self, setup: Setup) -> None:
        """Contribute the renderer. Raises GambrelError where Jinja is not installed."""
        require_jinja()
        setup.lifespan(self.opened)
        setup.route(f"{self.assets}/{{file}}", asset, name=ROUTE, hidden=True)
        setup.add(MESSAGES, self.messages)
        setup.check(self.check, start=False)
        setup.check(self.check_escaping, deploy=True)

    async def opened(self, app) -> AsyncIterator[Renderer]:  # type: ignore[no-untyped-def]  # of any kind
        """Keep the renderer of an app while it runs. Raises GambrelError."""
        yield self.build(app)

    def check(self, app: Any) -> Iterator[Problem]:
        """Yield what is wrong with the templates of an app, and with what handlers give them."""
        from gambrel.templates.checks import names_given_by, problems_of  # noqa: PLC0415 - start-up: checks

        try:
            renderer = self.build(app)
        except GambrelError as error:
            yield Problem(error.code, error.what, error.hint, error.where)
            return
        handlers = []
        for route in app.build().routes:
            common = names_given_by([*renderer.processors, *renderer.processors_of(route)])
            names = None if common is None else common | renderer.makers.keys()
            handlers.append((route.handler, names))
        found = {name: getattr(make, "doubt", None) for name, make in renderer.makers.items()}
        doubts: dict[str, Any] = {name: doubt for name, doubt in found.items() if doubt}
        doubts["url"] = partial(doubt_of_route, app)
        yield from problems_of(renderer.environment, handlers, doubts)

    def messages(self, app: Any) -> Iterator[Any]:
        """Yield the texts of the templates that are to be translated."""
        from gambrel.templates.checks import Book  # noqa: PLC0415 - start-up: checks

        yield from Book(self.build(app).environment).messages()

    def check_escaping(self, app: Any) -> Iterator[Problem]:
        """Yield where templates leave a value as it is."""
        from gambrel.templates.checks import Book  # noqa: PLC0415 - start-up: checks

        yield from Book(self.build(app).environment).unescaped()

    def build(self, app: Any) -> Renderer:
        """Return a renderer with all that was declared for an app.

        Raises GambrelError for a folder that is not there.
        """
        from gambrel.templates.environment import TemplateEnvironment  # noqa: PLC0415 - start-up: Jinja
        from gambrel.templates.filters import unfolded  # noqa: PLC0415 - start-up: Jinja
        from gambrel.templates.folders import Place  # noqa: PLC0415 - start-up: Jinja

        built, declared = app.build(), app.declarations
        own = [Place.of(folder, "app", self.beside) for folder in self.folders or ("templates",)]
        others = [
            Place.of(folder.value, folder.by, Path.cwd())
            for folder in reversed(declared.get(TEMPLATE_FOLDERS))
        ]
        environment = TemplateEnvironment([*own, *others], reload=app.settings.core.debug)
        filters = {**dict(declared.values(TEMPLATE_FILTERS)), **self.filters}
        environment.filters |= {name: unfolded(filters[name]) for name in filters}
        environment.tests |= {**dict(declared.values(TEMPLATE_TESTS)), **self.tests}
        environment.globals |= self.globals
        environment.engines = self.engines
        assets = Assets(environment)
        makers = {
            **BUILT_IN,
            "component_styles": assets.tag("css"),
            "component_scripts": assets.tag("js"),
            **dict(declared.values(TEMPLATE_GLOBALS)),
        }
        processors = [*declared.values(TEMPLATE_CONTEXT), *self.context]
        return Renderer(environment, makers, processors, built.bake, assets)


async def asset(request: Request, file: str) -> Response:
    """Answer with the styles or the scripts of all components."""
    renderer: Renderer = request.app.resources[Renderer]
    return renderer.assets.answer(file)


def doubt_of_route(app: Any, name: str) -> Problem | None:
    """Return the problem of a name that no route has; of `":name"` only the page can tell."""
    if name.startswith(":") or any(route.name == name for route in app.build().routes):
        return None
    try:
        app.url_for(name)
    except GambrelError as error:
        return Problem(error.code, error.what, error.hint)
    return None


def page_values(*functions: Callable[[Any], Any]) -> dict[str, Any]:
    """Return what gives values to the pages of a group of routes alone.

    `Router("/admin", extra=page_values(menu))`: `menu(request)` returns a mapping.
    """
    return {f"{SCOPED}{id(function)}": function for function in functions}


def folder_of(file: str) -> Path:
    """Return the folder of a file, or the working directory for what was typed."""
    return Path.cwd() if file.startswith("<") else Path(file).absolute().parent


def require_jinja() -> None:
    """Raise GambrelError where Jinja is not installed."""
    if find_spec("jinja2") is None:
        what, hint = (
            "templates need jinja2, which is not installed",
            "pip install 'gambrel[templates]'",
        )
        raise GambrelError("templates.not-installed", what, "gambrel.templates", hint)
