"""The guide as data: `questions.toml` and `rules.toml`, read into types.

A misspelled word in either is an error when it is read, or one of `tests/choosing/test_guide.py`.
"""

import tomllib
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["NAME", "Framework", "Guide", "Question", "Risk", "Rule", "Shape", "Stage", "load_guide"]

HERE = Path(__file__).parent
NAME = r"(?!.{41})[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*"
"""What a project may be called, as `gambrel new` takes it."""
Clause = dict[str, list[str]]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """One question, and the answers it may have."""

    id: str
    asks: str
    why: str
    choices: dict[str, str]
    many: bool = False
    default: str | list[str] | None = None


class Rule(Struct, frozen=True, forbid_unknown_fields=True, rename={"batteries": "with"}):
    """What follows from some answers, and why; `rules.toml` tells what each field says."""

    id: str
    row: str
    reason: str
    when: Clause | list[Clause]
    unless: Clause | list[Clause] = []
    until: str = ""
    shape: dict[str, int] = {}
    gives: dict[str, str] = {}
    costs: dict[str, str] = {}
    weight: int = 1
    batteries: list[str] = []
    advice: str = ""
    risk: dict[str, int] = {}
    instead: str = ""


class Stage(Struct, frozen=True, forbid_unknown_fields=True):
    """A stage of a project, what shows that it is outgrown, and what comes next."""

    name: str
    outgrown: list[str]
    next: str


class Shape(Struct, frozen=True, forbid_unknown_fields=True, rename={"batteries": "has"}):
    """A shape of project that `gambrel new` makes, with the batteries it has."""

    is_: str = msgspec.field(name="is")
    batteries: list[str]
    stages: list[Stage]


class Framework(Struct, frozen=True, forbid_unknown_fields=True):
    """A framework, or what may stand in its place: what it is best at, and what it always costs."""

    name: str
    best: str
    costs: str


class Risk(Struct, frozen=True, forbid_unknown_fields=True):
    """A workflow that should be tried first, and what the trial proves."""

    workflow: str
    proves: str


class Guide(Struct, frozen=True):
    """Questions, rules, and what the rules speak of."""

    questions: dict[str, Question]
    rules: list[Rule]
    shapes: dict[str, Shape]
    frameworks: dict[str, Framework]
    risks: dict[str, Risk]

    @property
    def seven(self) -> list[str]:
        """The frameworks that are compared with ours: all that a team may know."""
        return list(self.questions["knows"].choices)


class _Rules(Struct, forbid_unknown_fields=True):
    rule: list[Rule]
    shape: dict[str, Shape]
    framework: dict[str, Framework]
    risk: dict[str, Risk]


@cache
def load_guide() -> Guide:
    """Return the guide that comes with this version."""
    asked = tomllib.loads((HERE / "questions.toml").read_text("utf-8"))
    questions = msgspec.convert(asked["question"], list[Question])
    rules = msgspec.convert(tomllib.loads((HERE / "rules.toml").read_text("utf-8")), _Rules)
    by_id = {question.id: question for question in questions}
    return Guide(by_id, rules.rule, rules.shape, rules.framework, rules.risk)
