"""Texts of templates in the language of the visitor: `{{ _("Hello") }}`, and the tag `trans`.

What `_` returns is text, and escaped like any other. What stands in `trans` is part of the template
and may have elements; a translation keeps them only where the original has the very same, so that
nobody brings markup into a page by a catalog.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes
from jinja2.ext import InternationalizationExtension, extract_from_ast
from jinja2.runtime import Context
from markupsafe import Markup, escape

from gambrel.wording import fill, gettext, ngettext, npgettext, pgettext, translate

__all__ = ["FUNCTIONS", "Translations", "messages_in"]

_TAGS = re.compile(r"<[^<>]*>")
_REFERENCE = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")


class Translations(InternationalizationExtension):
    """The tag `trans`, with the rules of Jinja's own."""

    def _make_node(
        self,
        singular: str,
        plural: str | None,
        context: str | None,
        variables: dict[str, nodes.Expr],
        plural_expr: nodes.Expr | None,
        vars_referenced: bool,
        num_called_num: bool,
    ) -> nodes.Output:
        pairs = [nodes.Pair(nodes.Const(key), value) for key, value in variables.items()]
        if not vars_referenced:
            singular = singular.replace("%%", "%")
            plural = plural and plural.replace("%%", "%")
        call = self.call_method(
            "written",
            [
                nodes.ContextReference(),
                nodes.Const((context or "", singular, plural or "")),
                plural_expr or nodes.Const(None),
                nodes.Dict(pairs if vars_referenced else []),
            ],
        )
        return nodes.Output([call])

    @staticmethod
    def written(
        context: Context, message: tuple[str, str, str], number: Any, values: Mapping[str, Any]
    ) -> str:
        """Return what a block says, as markup where the template escapes."""
        where, one, many = message
        source = one if number is None or number == 1 else many
        found = translate(one, many, number, where)
        if not context.eval_ctx.autoescape:
            return fill(found, source, values)
        is_ours = found in {one, many} or has_same_markup(found, (one, many))
        text = Markup(found) if is_ours else escape(found)  # noqa: S704 - what the template has
        return fill(text, Markup(source), values)  # noqa: S704 - the template itself


@lru_cache(4_096)
def has_same_markup(text: str, sources: tuple[str, ...]) -> bool:
    """Whether a text has no elements and references but those of its sources."""
    rest = _REFERENCE.sub("", _TAGS.sub("", text))
    known = " ".join(sources)
    parts = [*_TAGS.findall(text), *_REFERENCE.findall(text)]
    return not set(rest) & set("<>&") and all(part in known for part in parts)


FUNCTIONS: dict[str, Any] = {
    "_": gettext,
    "gettext": gettext,
    "ngettext": ngettext,
    "pgettext": pgettext,
    "npgettext": npgettext,
}
"""What expressions call."""


def messages_in(tree: nodes.Template) -> Iterator[tuple[int, str, tuple[str | None, ...]]]:
    """Yield line, function and arguments of the texts in a template."""
    for line, function, arguments in extract_from_ast(tree, (*FUNCTIONS, "lazy_gettext")):
        texts = arguments if isinstance(arguments, tuple) else (arguments,)
        yield line, function, texts
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.ExtensionAttribute) and call.node.name == "written":
            context, one, many = call.args[1].value  # type: ignore[attr-defined]  # a constant
            name = f"{'n' if many else ''}{'p' if context else ''}gettext"
            yield call.lineno, name, tuple(filter(None, (context, one, many)))
