"""The questions of `gambrel choose`: as options, from a file, and in the terminal."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from gambrel import GambrelError
from gambrel.choosing import Guide, load_guide
from gambrel.choosing.answers import check_answer
from gambrel.choosing.guide import Question

__all__ = ["answers_to", "ask", "ask_all", "questions", "read_answers"]


def answers_to(question: Question) -> Callable[..., list[str] | None]:
    """Return what reads an option: the answers to a question, separated by commas."""

    def read(_context: click.Context, _option: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else check_answer(question, split(text), "")
        except GambrelError as error:
            raise click.BadParameter(f"{error.what}; {error.hint}") from error

    return read


def questions(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each question."""
    for question in reversed(load_guide().questions.values()):
        command = click.option(
            f"--{question.id}",
            callback=answers_to(question),
            metavar="LIST" if question.many else "ONE",
            help=f"{question.asks} {', '.join(question.choices)}",
        )(command)
    return command


def read_answers(file: str) -> dict[str, Any]:
    """Return the answers in a file of TOML or JSON; `-` is JSON on stdin.

    Raises:
        GambrelError: There is no such file, or it is neither.
    """
    try:
        if file == "-":
            return msgspec.json.decode(sys.stdin.buffer.read(), type=dict[str, Any])
        text = Path(file).read_text("utf-8")
        if file.endswith(".json"):
            return msgspec.json.decode(text, type=dict[str, Any])
        return tomllib.loads(text)
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise GambrelError(
            "choose.answers-file",
            f"the answers cannot be read: {error}",
            "stdin" if file == "-" else file,
            'write a line for each question, such as `workload = "api"`',
        ) from error


def ask_all(guide: Guide, given: dict[str, Any]) -> dict[str, Any]:
    """Ask in the terminal what was not given; what is asked goes to stderr."""
    open_ones = [question for name, question in guide.questions.items() if name not in given]
    if open_ones:
        click.echo(
            "Type numbers or names; `?` tells why it is asked; Enter takes [what is here].",
            err=True,
        )
    for at, question in enumerate(open_ones, 1):
        click.echo(f"\n{at}/{len(open_ones)}  {click.style(question.asks, bold=True)}", err=True)
        given = {**given, question.id: ask(question)}
    return given


def ask(question: Question) -> list[str]:
    """Ask one question until it is answered."""
    names = list(question.choices)
    for number, (name, text) in enumerate(question.choices.items(), 1):
        click.echo(f"  {number:>2}  {name:<14} {text}", err=True)
    many = "several, with commas" if question.many else "one"
    default = ",".join(question.default) if isinstance(question.default, list) else question.default
    shown = (default or "none") if question.many else default
    while True:
        typed = click.prompt(f"  {many}", default=shown, err=True)
        if typed.strip() == "?":
            click.echo(f"  {question.why}", err=True)
            continue
        words = [] if question.many and typed.strip() == "none" else split(typed)
        chosen = [
            names[int(w) - 1] if w.isdecimal() and 0 < int(w) <= len(names) else w for w in words
        ]
        try:
            return check_answer(question, chosen, "")
        except GambrelError as error:
            click.echo(f"  {error.what}; {error.hint}", err=True)


def split(text: str) -> list[str]:
    """Return the words of a list with commas or blanks."""
    return text.replace(",", " ").split()
