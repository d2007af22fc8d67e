"""Components: templates in the folder `components` with properties and slots, used by a tag.

    {% component "card", title="Hello" %}
      the body {% fill foot %} what belongs below {% endfill %}
    {% endcomponent %}

`components/card.html` says `{% props title: str, tone: str = "plain" %}` and where its slots are:
`{% slot %}{% endslot %}`, `{% slot foot %}what else is there{% endslot %}`. It sees its properties
and the globals of the page, nothing else.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.templates.assets import FOLDER
from gambrel.templates.names import nearest
from gambrel.templates.page import PAGE, Page

__all__ = ["UNKNOWN", "Components", "Prop", "Slots", "faults_of", "with_defaults"]

KINDS: dict[str, tuple[type, ...]] = {
    "any": (object,),
    "bool": (bool,),
    "dict": (Mapping,),
    "float": (float, int),
    "int": (int,),
    "list": (list, tuple),
    "none": (type(None),),
    "str": (str,),
}
SLOT = "_slot"
UNKNOWN: Any = object()
"""Stands for a value that is only known when a page is made; every property takes it."""


class Prop(Struct, frozen=True):
    """A property of a component: its name, the types it takes, its default if it has one."""

    name: str
    kinds: tuple[str, ...]
    is_required: bool
    default: Any = None

    def takes(self, value: Any) -> bool:
        """Whether a value is of one of the types; a bool is no number."""
        if value is UNKNOWN:
            return True
        if isinstance(value, bool):
            return not {"bool", "any"}.isdisjoint(self.kinds)
        return any(isinstance(value, KINDS[kind]) for kind in self.kinds)


class Slots:
    """What a component was given to show: `"foot" in slots`."""

    __slots__ = ("caller", "names")

    def __init__(self, caller: Callable[[str], Any], names: frozenset[str]) -> None:
        self.caller = caller
        self.names = names

    def __contains__(self, name: str) -> bool:
        return name in self.names


class Components(Extension):
    """The tags `component` and `fill`, `props` and `slot`."""

    tags = {"component", "fill", "props", "slot"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Read one of the tags."""
        token = next(parser.stream)
        read: Any = getattr(self, f"parse_{token.value}")
        found: nodes.Node | list[nodes.Node] = read(parser, token.lineno)
        return found

    def parse_component(self, parser: Any, line: int) -> nodes.Node:
        """Read the use of a component, with all that fills its slots."""
        name, given = parser.parse_expression(), []
        while parser.stream.current.type != "block_end":
            parser.stream.skip_if("comma")
            key = parser.stream.expect("name")
            parser.stream.expect("assign")
            given.append(nodes.Pair(nodes.Const(key.value), parser.parse_expression()))
        outer, parser.fills = getattr(parser, "fills", None), {}
        body = parser.parse_statements(("name:endcomponent",), drop_needle=True)
        fills, parser.fills = parser.fills, outer
        if not all(map(is_blank, body)):
            fills[""] = body
        names = nodes.Const(frozenset(fills))
        arguments = [name, nodes.Dict(given), names, nodes.ContextReference()]
        content = [nodes.If(is_slot(each), inner, [], []) for each, inner in fills.items()]
        call = self.call_method("render", arguments)
        return nodes.CallBlock(call, [nodes.Name(SLOT, "param")], [], content).set_lineno(line)

    def parse_fill(self, parser: Any, line: int) -> list[nodes.Node]:
        """Read what fills a slot by name."""
        if parser._tag_stack[-2:-1] != ["component"]:  # noqa: SLF001 - nobody else knows
            parser.fail("`fill` stands directly in a `component`", line)
        name = parser.stream.expect("name").value
        parser.fills[name] = parser.parse_statements(("name:endfill",), drop_needle=True)
        return []

    def parse_slot(self, parser: Any, line: int) -> nodes.Node:
        """Read a slot, with what it shows if nothing fills it."""
        name = next(parser.stream).value if parser.stream.current.type == "name" else ""
        body = parser.parse_statements(("name:endslot",), drop_needle=True)
        call = self.call_method("show", [nodes.Const(name), nodes.ContextReference()])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def parse_props(self, parser: Any, line: int) -> list[nodes.Node]:
        """Read the properties that a component declares."""
        props = {}
        while parser.stream.current.type != "block_end":
            prop = read_prop(parser)
            props[prop.name] = prop
            if parser.stream.current.type != "block_end":
                parser.stream.expect("comma")
        environment: Any = self.environment
        environment.props[parser.name] = props
        return []

    # While a page is made ---------------------------------------------------------------------

    def render(
        self, name: str, given: dict[str, Any], filled: frozenset[str], context: Any, caller: Any
    ) -> Any:
        """Return a component as markup. Raises GambrelError for properties that do not fit."""
        environment: Any = self.environment
        template = environment.get_template(f"{FOLDER}{name}.html")
        values = dict(environment.fit(template.name, given))
        values["slots"] = Slots(caller, filled)
        page: Page = context.parent[PAGE]
        within = environment.context_for(template, values, page)
        if environment.is_async:
            return gathered(template.root_render_func(within))
        return "".join(template.root_render_func(within))

    def show(self, name: str, context: Any, caller: Callable[[], Any]) -> Any:
        """Return what fills a slot, or what it shows otherwise."""
        slots = context.resolve_or_missing("slots")
        return slots.caller(name) if isinstance(slots, Slots) and name in slots else caller()


async def gathered(pieces: Any) -> str:
    """Return the text of a template that waits."""
    return "".join([piece async for piece in pieces])


def is_blank(node: nodes.Node) -> bool:
    """Whether a node writes white space only."""
    return isinstance(node, nodes.Output) and all(
        isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
    )


def is_slot(name: str) -> nodes.Compare:
    """Return the test whether the slot of a name is asked for."""
    return nodes.Compare(nodes.Name(SLOT, "load"), [nodes.Operand("eq", nodes.Const(name))])


def read_prop(parser: Any) -> Prop:
    """Read one property: `title: str`, `note: str | none = none`."""
    name, kinds = parser.stream.expect("name"), ["any"]
    if parser.stream.skip_if("colon"):
        kinds = [parser.stream.expect("name").value]
        while parser.stream.skip_if("pipe"):
            kinds.append(parser.stream.expect("name").value)
    for kind in kinds:
        if kind not in KINDS:
            parser.fail(f"no property is of type {kind!r}: use {', '.join(KINDS)}", name.lineno)
    if not parser.stream.skip_if("assign"):
        return Prop(name.value, tuple(kinds), is_required=True)
    written, default = parser.parse_expression(), None
    try:
        default = written.as_const()
    except nodes.Impossible:
        parser.fail(f"the default of {name.value!r} is no constant", name.lineno)
    return Prop(name.value, tuple(kinds), is_required=False, default=default)


def with_defaults(name: str, props: Mapping[str, Prop], given: dict[str, Any]) -> dict[str, Any]:
    """Return the properties of a component, defaults included. Raises GambrelError."""
    for what, hint in faults_of(props, given):
        raise GambrelError("templates.component", f"{name}: {what}", hint=hint)
    return {n: given.get(n, prop.default) for n, prop in props.items()}


def faults_of(props: Mapping[str, Prop], given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the properties given to a component, and a hint."""
    for name, value in given.items():
        if name not in props:
            hint = nearest(name, props) or f"it has {', '.join(props) or 'none'}"
            yield f"it has no property {name!r}", hint
        elif not props[name].takes(value):
            kinds = " | ".join(props[name].kinds)
            yield f"{name!r} is {kinds}, and was given {value!r:.80}", f"give it a {kinds}"
    for name, prop in props.items():
        if prop.is_required and name not in given:
            yield f"its property {name!r} is missing", f"{name}=..."
