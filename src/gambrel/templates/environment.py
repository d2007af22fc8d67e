"""The Jinja environment of an app: escaping, strictness, and where a page's own globals come in."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NoReturn

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateAssertionError,
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2 import Template as JinjaTemplate
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.utils import missing

from gambrel.core.http.errors import GambrelError
from gambrel.forgotten import hint_for_filter, hint_for_name
from gambrel.templates.components import Components, Prop, with_defaults
from gambrel.templates.filters import FILTERS, dump_json
from gambrel.templates.folders import FolderLoader, Place
from gambrel.templates.fragments import Cache, Fragments
from gambrel.templates.names import is_escaped, nearest
from gambrel.templates.output import Output, escape_text, shown
from gambrel.templates.page import PAGE, Page
from gambrel.templates.translated import FUNCTIONS, Translations

__all__ = ["PageContext", "TemplateEnvironment"]


BEFORE = (nodes.Assign, nodes.AssignBlock, nodes.FromImport, nodes.Import, nodes.Macro)
"""What is done before a block that is rendered alone: it names what the block may use."""


NO_SWITCH = (
    "escaping cannot be switched off in a page: mark the one value that is markup, "
    "`{{ text | safe }}`, or put plain text into a template called `.txt`"
)
Engine = Callable[[str, str, dict[str, Any]], str]
"""Another engine: `engine(name, text, values)` returns what it makes of a template's text."""


class Flush(Extension):
    """The tag `flush`: what was made so far is sent, where the page is streamed."""

    tags = {"flush"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node:
        """Read the tag: it writes an empty piece, which means nothing anywhere else."""
        line = next(parser.stream).lineno
        return nodes.Output([nodes.TemplateData("")]).set_lineno(line)


class Nobody(StrictUndefined):
    """What nobody gives; its error names the extension that would."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        told: str = super()._undefined_message
        hint = "" if self._undefined_name is None else hint_for_name(str(self._undefined_name))
        return f"{told}: {hint}" if hint and self._undefined_obj is missing else told


class PageContext(Context):
    """The names a template can use: its values, then the globals of its page."""

    def resolve_or_missing(self, key: str) -> Any:
        """Return what a name stands for; called once per name and block."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        page: Page | None = self.parent.get(PAGE)
        return missing if page is None else page.find(key, missing)


class TemplateEnvironment(Environment):
    """Jinja with escaping wherever it belongs, and without names that nobody gives."""

    context_class = PageContext
    code_generator_class = Output
    shown = staticmethod(shown)
    quoted = staticmethod(escape_text)

    def __init__(self, places: Iterable[Place], *, reload: bool, is_async: bool = False) -> None:
        self.props: dict[str, dict[str, Prop]] = {}
        self.fragments = Fragments()
        self.engines: dict[str, Engine] = {}
        self.alone: dict[tuple[str, str], JinjaTemplate] = {}
        super().__init__(
            extensions=[Cache, Components, Flush, Translations],
            loader=FolderLoader(places),
            autoescape=is_escaped,
            undefined=Nobody,
            auto_reload=reload,
            enable_async=is_async,
            cache_size=-1,  # as many as there are: their names are those of files
        )
        self.filters |= FILTERS
        self.globals.update(FUNCTIONS)
        self.globals["slots"] = ()  # of a component that nobody fills
        self.policies["json.dumps_function"] = dump_json
        self.policies["json.dumps_kwargs"] = {}

    def item(self, owner: Any, name: str) -> Any:
        """Return an item of what has no such attribute; undefined where it has none either."""
        try:
            return owner[name]
        except (TypeError, LookupError, AttributeError):
            return self.undefined(obj=owner, name=name)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Read a template. Raises TemplateSyntaxError where it switches escaping off in a page."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(nodes.EvalContextModifier) if is_escaped(name) else ():
            for option in node.options:
                is_on = isinstance(option.value, nodes.Const) and option.value.value is True
                if option.key == "autoescape" and not is_on:
                    raise TemplateSyntaxError(NO_SWITCH, node.lineno, name, filename)
        return tree

    def _generate(self, source: nodes.Template, *names: Any, **options: Any) -> str:
        """Compile a template. The error of a filter names the extension that brings it."""
        try:
            return super()._generate(source, *names, **options)
        except TemplateAssertionError as error:
            told = str(error.message)
            hint = hint_for_filter(told.removeprefix("No filter named '").removesuffix("'."))
            error.args = (f"{told} {hint}" if hint else told,)
            raise

    def context_for(self, template: Any, values: Mapping[str, Any], page: Page) -> PageContext:
        """Return the context of one rendering.

        What is in its globals is seen in imported macros, too, so the page is one of them.
        """
        shared = {**self.globals, PAGE: page}
        parent = {**shared, **values}
        return PageContext(self, parent, template.name, template.blocks, shared)

    def find(self, name: str, block: str = "") -> JinjaTemplate:
        """Return a template, or one block of it, compiled. Raises GambrelError."""
        try:
            if not block:
                return self.get_template(name)
            found = self.alone.get((name, block))
            if found is None or (self.auto_reload and not found.is_up_to_date):
                found = self.alone[name, block] = self.block_of(name, block)
            return found
        except TemplateNotFound as error:
            hint = "templates are found by their path below a folder of `Templates(...)`"
            raise GambrelError("templates.not-found", str(error), hint=hint) from error

    def block_of(self, name: str, block: str) -> JinjaTemplate:
        """Return a template that makes one block of another, inherited ones included.

        What its file imports and sets outside of blocks is done before. Raises GambrelError where
        there is no such block.
        """
        seen: list[str] = []
        wanted: str | None = name
        while wanted is not None:
            source, file, is_current = self.loader.get_source(self, wanted)  # type: ignore[union-attr]  # there is one
            tree = self.parse(source, wanted, file)
            found = next((b for b in tree.find_all(nodes.Block) if b.name == block), None)
            if found is not None:
                tree.body = [*(node for node in tree.body if isinstance(node, BEFORE)), found]
                code = self.compile(tree, wanted, file)
                return JinjaTemplate.from_code(self, code, self.make_globals(None), is_current)
            seen += [b.name for b in tree.find_all(nodes.Block)]
            parent = next((node.template for node in tree.find_all(nodes.Extends)), None)
            wanted = parent.value if isinstance(parent, nodes.Const) else None
        what = f"the template {name!r} has no block {block!r}"
        hint = nearest(block, seen) or f"it has {', '.join(seen) or 'none'}"
        raise GambrelError("templates.no-block", what, hint=hint)

    def engine_of(self, name: str) -> Engine | None:
        """Return what makes the templates of a suffix, None where it is Jinja."""
        return self.engines.get(name.rpartition(".")[2]) if self.engines else None

    def made_by(self, engine: Engine, name: str, values: dict[str, Any]) -> str:
        """Return what another engine makes of a template. Raises GambrelError for none."""
        try:
            text, _, _ = self.loader.get_source(self, name)  # type: ignore[union-attr]  # there is one
        except TemplateNotFound as error:
            raise GambrelError("templates.not-found", str(error)) from error
        return engine(name, text, values)

    def fit(self, name: str, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values of a template; of a component, checked and with its defaults.

        Raises GambrelError for what does not fit.
        """
        props = self.props.get(name)
        return values if props is None else with_defaults(name, props, values)

    @cached_property
    def waiting(self) -> "TemplateEnvironment":
        """The same templates, compiled so that they wait for what they use."""
        loader: Any = self.loader
        twin = TemplateEnvironment(loader.places, reload=self.auto_reload, is_async=True)
        twin.filters, twin.tests, twin.globals = self.filters, self.tests, self.globals
        twin.fragments = self.fragments
        return twin

    def from_string(self, source: Any, *_: Any, **__: Any) -> NoReturn:
        """Refuse: a text that becomes a template is code, whoever wrote it."""
        raise GambrelError(
            "templates.from-text",
            "a template was to be made from a text",
            repr(source)[:80],
            "put it in a file of a template folder, and what differs in its values",
        )
