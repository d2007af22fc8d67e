"""How values are written into a page: escaped, without the detour Jinja takes.

Jinja makes a `Markup` of every value before it joins them, which is most of what a table of fifty
rows costs. Here a value becomes plain text; what it looks like is the same
(`tests/templates/test_output.py` compares).
"""

from typing import Any

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

__all__ = ["Output", "shown"]


def escape_slowly(text: str) -> str:
    """Return text escaped, where markupsafe does not lend what it escapes with."""
    return str(escape(text))


escape_text = getattr(markupsafe, "_escape_inner", escape_slowly)


def shown(value: Any) -> str:
    """Return a value as it stands in a page."""
    kind = type(value)
    if kind is str:
        text: str = escape_text(value)
        return text
    if kind is int or kind is Markup:
        return str(value)
    if hasattr(value, "__html__"):
        return str(value.__html__())
    return str(escape_text(str(value)))


class Output(CodeGenerator):
    """Writes `environment.shown(value)` where Jinja writes `escape(value)`."""

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
            return
        self.write("environment.shown(")
        if finalize.src is not None:
            self.write(finalize.src)
