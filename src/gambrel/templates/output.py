"""How values are written into a page: escaped, without the detour Jinja takes.

Jinja makes a `Markup` of every value, hands out each piece by itself, and asks for attributes in a
function, which is most of what a table of fifty rows costs. Here a value becomes plain text; what
it looks like is the same (`tests/templates/test_output.py` compares).
"""

from typing import Any

import markupsafe
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from markupsafe import Markup, escape

from gambrel.templates.fragments import name_parts

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
    """Compiles templates to the same pages by fewer steps.

    What stands between two tags is one piece, joined at once, and not one for each value. Texts
    are escaped in place, and attributes asked for; `environment.item` gives what is none.
    """

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - as Jinja has it
        """Write the template, now that all of it is known."""
        name_parts(node)
        super().visit_Template(node, frame)

    def write_commons(self) -> None:
        """Name what is used for every value, once in each function."""
        super().write_commons()
        self.writeline(
            "shown, quoted, item = environment.shown, environment.quoted, environment.item"
        )

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 - as Jinja has it
        """Write the pieces between two tags as one."""
        is_hidden = frame.require_output_check
        if frame.buffer is not None or is_hidden or len(node.nodes) == 1 or not is_known(frame):
            super().visit_Output(node, frame)
            return
        finalize = self._make_finalize()
        self.writeline("yield ''.join((", node)
        self.indent()
        for child in node.nodes:
            self.newline(child)
            if isinstance(child, nodes.TemplateData):
                self.write(repr(str(self._output_child_to_const(child, frame, finalize))))
            else:
                self._output_child_pre(child, frame, finalize)
                self.visit(child, frame)
                self._output_child_post(child, frame, finalize)
            self.write(",")
        self.outdent()
        self.writeline("))")

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if is_certain(frame):
            self.write("(quoted(part) if type(part := ")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _output_child_post(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if is_certain(frame):
            self.write(") is str else str(part) if type(part) is int else shown(part))")
        else:
            super()._output_child_post(node, frame, finalize)

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - as Jinja has it
        """Write how an attribute is asked for, and then an item of that name."""
        if self.environment.is_async:
            super().visit_Getattr(node, frame)
            return
        self.write("(found if (found := getattr((owner := ")
        self.visit(node.node, frame)
        name = repr(node.attr)
        self.write(f"), {name}, missing)) is not missing else owner[{name}] ")
        self.write(f"if type(owner) is dict and {name} in owner else item(owner, {name}))")


def is_certain(frame: Frame) -> bool:
    """Whether it is known while compiling that values are escaped."""
    return bool(frame.eval_ctx.autoescape) and is_known(frame)


def is_known(frame: Frame) -> bool:
    """Whether it is known while compiling if they are: not with `{% autoescape wanted %}`."""
    return not frame.eval_ctx.volatile
