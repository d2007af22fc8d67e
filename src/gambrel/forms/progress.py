"""A form in steps as HTML: which step it is, its fields and buttons, and what was answered."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from gambrel.forms.moments import MOMENT
from gambrel.forms.rendering import render_form
from gambrel.forms.step import Step
from gambrel.forms.texts import GO, RUN, STEP
from gambrel.markup import Markup, element, join
from gambrel.wording import say, write_local

__all__ = ["render_answers", "render_steps"]

_CLOCKS = {"date": "date", "time": "time", "datetime-local": MOMENT}
"""Widgets whose texts are written for machines, and what they are."""


class ShownSteps(Protocol):
    """What is shown of steps."""

    notice: str
    has_moved: bool

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to fill in."""
        ...

    @property
    def step(self) -> Step:
        """The step to show."""
        ...

    @property
    def form(self) -> Any:
        """Its form."""
        ...

    @property
    def number(self) -> int:
        """Which one it is."""
        ...

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def run(self) -> str:
        """What is being filled in."""
        ...

    @property
    def earlier(self) -> Sequence[Step]:
        """The steps before it."""
        ...

    @property
    def start(self) -> str:
        """Where it begins."""
        ...

    def url(self, step: Step) -> str:
        """Where a step is shown."""
        ...

    def form_of(self, step: Step) -> Any:
        """The form of any step."""
        ...


def render_steps(steps: ShownSteps) -> Markup:
    """Return the step to show. The Enter key presses the first button, which goes on."""
    notice = element("p", steps.notice, class_="form-summary", role="alert")
    if steps.is_over:
        return join([notice, element("p", element("a", say("Begin again"), href=steps.start))])
    takes_focus = steps.has_moved and not steps.form.errors and not steps.notice
    is_last = steps.number == steps.count
    progress = say("Step %(number)s of %(count)s", number=steps.number, count=steps.count)
    on = say("Send") if is_last else say("Continue")
    going = element("button", on, name=GO, value="next")
    back = element("button", say("Back"), name=GO, value="back", formnovalidate=True)
    return join(
        [
            notice if steps.notice else None,
            element("p", progress, class_="form-progress"),
            element("h2", steps.step.title, id="form-step", tabindex="-1", autofocus=takes_focus),
            render_form(steps.form),
            render_answers(steps) if steps.step.is_review else None,
            element("input", type="hidden", name=STEP, value=steps.step.name),
            element("input", type="hidden", name=RUN, value=steps.run),
            element("p", going, back if steps.number > 1 else None, class_="form-buttons"),
        ]
    )


def render_answers(steps: ShownSteps) -> Markup:
    """Return what was answered in the steps before, each with a link to change it."""
    parts = []
    for step in steps.earlier:
        name = say("Change %(step)s", step=step.title)
        change = element("a", say("Change"), href=steps.url(step), aria_label=name)
        rows = [
            join([element("dt", name), element("dd", text)])
            for name, text in answers_of(steps.form_of(step))
        ]
        parts.append(element("section", element("h3", step.title), element("dl", *rows), change))
    return element("div", *parts, class_="form-answers")


def answers_of(fields: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield what fields are called, and what was answered as people read it."""
    for one in fields:
        label = f"{above}{one.label}"
        if one.spec.widget in {"group", "rows"}:
            below = one.sent_rows if one.spec.widget == "rows" else one.fields
            yield from answers_of(below, f"{label}: " if one.spec.widget == "group" else above)
        elif not one.spec.is_unkept and one.spec.widget != "hidden":
            names = dict(one.choices)
            texts = [str(names.get(text, text)) for text in one.texts]
            if one.spec.widget == "checkbox":
                texts = [say("Yes") if texts else say("No")]
            if one.spec.widget in _CLOCKS and one.spec.local in {"", MOMENT}:
                texts = [write_local(_CLOCKS[one.spec.widget], text) for text in texts]
            yield label, ", ".join(filter(None, texts)) or "-"
