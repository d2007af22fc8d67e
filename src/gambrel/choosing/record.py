"""The decision as a page in Markdown, to be committed beside the code it decides about."""

import datetime as dt
from collections.abc import Iterator

from gambrel.choosing.engine import Recommendation
from gambrel.choosing.guide import Guide

__all__ = ["render_record"]


def render_record(guide: Guide, found: Recommendation, number: int, day: dt.date) -> str:
    """Return the page; `number` is that of the decision, and stands in its heading."""
    return "\n".join([*head(guide, found, number, day), *body(found), ""])


def head(guide: Guide, found: Recommendation, number: int, day: dt.date) -> Iterator[str]:
    """Yield title, answers and decision."""
    what = (
        f"{found.choice_name}, in the shape `{found.shape}`" if found.is_ours else found.choice_name
    )
    yield f"# {number}. {found.name} starts with {what}"
    yield f"\nProposed, {day.isoformat()}.\n"
    yield "## Context\n"
    for name, question in guide.questions.items():
        told = (
            ", ".join(question.choices[value] for value in found.answers.given[name]) or "nothing"
        )
        assumed = " (assumed)" if name in found.answers.assumed else ""
        yield f"- {question.asks} *{told}*{assumed}"
    yield "\n## Decision\n"
    yield f"**{what}.** {found.choice_why}\n"
    if found.is_ours:
        yield f"```console\n$ {found.command}\n```\n"
        yield from (f"- {why}" for why in found.shape_why)
    else:
        yield f"Had it been Gambrel: `{found.command}`."


def body(found: Recommendation) -> Iterator[str]:
    """Yield what else there is to say."""
    yield "\n## Alternatives\n"
    yield "| | gives here | costs here |\n|---|---|---|"
    yield from (
        f"| {one.name} | {cell(one.gives or [one.best])} | {cell(one.costs)} |"
        for one in found.compared
    )
    yield "\n## First of all\n"
    yield f"Try the riskiest workflow: {found.first.workflow}. It proves {found.first.proves}.\n"
    yield from (f"- {advice}" for advice in found.advice)
    yield "\n## What would change our mind\n"
    for stage in found.stages:
        yield f"- *{stage.name}*: {'; or '.join(stage.outgrown)}. Next: {stage.next}."
    yield "\n## Rules that held\n"
    for held in found.rules:
        yield f"- `{held.rule}` ({held.row}): {held.reason}"


def cell(texts: list[str]) -> str:
    """Return texts as a cell of a table."""
    return "; ".join(texts).replace("|", "\\|")
