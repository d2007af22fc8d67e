"""Answers: what was given, completed by what is assumed."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from gambrel.choosing.guide import Guide, Question
from gambrel.core.http.errors import GambrelError

__all__ = ["Answers", "assumed_answers", "check_answer", "parse_answers"]


class Answers(Struct, frozen=True):
    """An answer to every question; of those in `assumed` nobody has given one."""

    given: dict[str, list[str]]
    assumed: list[str] = []

    def has(self, question: str, values: Iterable[str]) -> bool:
        """Say whether one of the values is among the answers to a question."""
        return not set(values).isdisjoint(self.given[question])


def parse_answers(guide: Guide, given: Mapping[str, Any], where: str = "answers") -> Answers:
    """Return answers to all questions: those given, a text or a list of texts each, and defaults.

    Raises:
        GambrelError: A question or an answer is none, or one that is needed is missing.
    """
    for name in given:
        if name not in guide.questions:
            raise wrong(f"there is no question {name!r}", where, name, guide.questions)
    answers, assumed = {}, []
    for name, question in guide.questions.items():
        if name in given:
            answers[name] = check_answer(question, given[name], where)
        else:
            answers[name] = assumed_answers(question, where)
            assumed.append(name)
    return Answers(answers, assumed)


def check_answer(question: Question, value: Any, where: str) -> list[str]:
    """Return an answer as a list, each value once. Raises GambrelError."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    for one in values:
        if one not in question.choices:
            raise wrong(f"{question.id} has no answer {one!r}", where, one, question.choices)
    if not question.many and len(values) != 1:
        raise wrong(
            f"{question.id} takes one answer, not {len(values)}", where, "", question.choices
        )
    return list(dict.fromkeys(values))


def assumed_answers(question: Question, where: str) -> list[str]:
    """Return what is assumed where nobody answers. Raises GambrelError where nothing is."""
    if question.default is None:
        raise wrong(f"{question.id} has no answer: {question.asks}", where, "", question.choices)
    return question.default if isinstance(question.default, list) else [question.default]


def wrong(what: str, where: str, value: Any, known: Iterable[str]) -> GambrelError:
    """Return the error for an answer that is none."""
    close = difflib.get_close_matches(str(value), list(known), 1)
    hint = f"did you mean {close[0]!r}?" if close else f"take of: {', '.join(known)}"
    return GambrelError("choose.answer", what, where, hint)
