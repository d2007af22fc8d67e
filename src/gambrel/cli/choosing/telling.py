"""The answer of `gambrel choose` as text for a terminal."""

import textwrap
from collections.abc import Iterator

import click

from gambrel.choosing import Guide, Recommendation

__all__ = ["tell"]

WIDTH = 88


def tell(guide: Guide, found: Recommendation, prototype: str) -> None:
    """Write a recommendation to stdout; `prototype` is where the stub is, if it was written."""
    for line in lines(guide, found, prototype):
        click.echo(line)


def lines(guide: Guide, found: Recommendation, prototype: str) -> Iterator[str]:
    """Yield the answer: what to take and why, all of the seven, and what comes next."""
    yield from title(
        f"Take {found.choice_name}" if not found.is_ours else f"Gambrel, shape {found.shape}"
    )
    yield from filled(found.choice_why)
    if found.is_ours:
        yield from filled(f"The shape {found.shape}: {found.shape_is}.")
        yield from points(found.shape_why)
    yield from title("What each would give and cost you here")
    for one in found.compared:
        yield from framework(one.name, one.points, one.gives or [one.best], one.costs)
    yield from title("Rule by rule")
    for held in found.rules:
        yield from filled(f"{held.rule} ({held.row}): {held.reason}", "  ")
        yield from filled(", ".join(held.effects), "    → ")
    yield from title("Mind")
    yield from points(found.advice)
    yield from title("Prototype first")
    yield from filled(f"{found.first.workflow.capitalize()}. It proves {found.first.proves}.")
    run = (
        f"gambrel run {prototype}"
        if prototype
        else "add --prototype prototype.py for a file that runs"
    )
    yield f"  {run}"
    yield from title("How it grows, and what shows that a stage is outgrown")
    for stage in found.stages:
        yield from filled(f"{stage.name}, until {'; or '.join(stage.outgrown)}", "  ")
        yield from filled(f"then {stage.next}", "    ")
    yield from title(
        f"Begin: Gambrel, shape {found.shape}"
        if found.is_ours
        else "If you take Gambrel all the same"
    )
    yield f"  {found.command}"
    yield from assumed(guide, found)


def title(text: str) -> Iterator[str]:
    """Yield a heading."""
    yield ""
    yield click.style(text, bold=True)


def filled(text: str, indent: str = "") -> Iterator[str]:
    """Yield a paragraph in lines."""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent)
    )


def points(texts: list[str]) -> Iterator[str]:
    """Yield a list."""
    for text in texts:
        yield from filled(text, "  - ")


def framework(name: str, score: int, gives: list[str], costs: list[str]) -> Iterator[str]:
    """Yield what a framework gives and costs."""
    yield click.style(f"  {name} ({score:+d})", bold=True)
    for sign, texts in (("+", gives), ("-", costs)):
        for text in texts:
            yield from filled(text, f"    {sign} ")


def assumed(guide: Guide, found: Recommendation) -> Iterator[str]:
    """Yield what nobody has answered."""
    if found.answers.assumed:
        yield ""
        told = [f"{n}={','.join(found.answers.given[n]) or 'none'}" for n in found.answers.assumed]
        yield from filled(f"Assumed, as nobody has said: {' '.join(told)}.")
