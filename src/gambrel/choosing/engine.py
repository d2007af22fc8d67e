"""The engine: which rules hold for some answers, and what follows of them, rule by rule."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from gambrel.choosing.answers import Answers
from gambrel.choosing.guide import Clause, Guide, Risk, Rule, Stage

__all__ = ["Compared", "Held", "Recommendation", "holds", "recommend"]

PACKAGE = Path(__file__).parents[1]
OURS = "gambrel"
MARGIN = 3
"""By how many points another framework has to be ahead to be the better choice."""


class Held(Struct, frozen=True):
    """A rule that holds, and what follows from it in words."""

    rule: str
    row: str
    reason: str
    effects: list[str]


class Compared(Struct, frozen=True):
    """What a framework gives and costs here; with more points it fits better."""

    id: str
    name: str
    best: str
    points: int
    gives: list[str]
    costs: list[str]


class Recommendation(Struct, frozen=True):
    """What is recommended, and why.

    `choice` is a framework, or what is better than one, and `choice_why` the reason; `shape` is
    that of a Gambrel project in any case, for whoever takes it nonetheless.
    """

    name: str
    answers: Answers
    choice: str
    choice_name: str
    choice_why: str
    shape: str
    shape_is: str
    shape_why: list[str]
    batteries: list[str]
    command: str
    compared: list[Compared]
    stages: list[Stage]
    risk: str
    first: Risk
    advice: list[str]
    rules: list[Held]

    @property
    def is_ours(self) -> bool:
        """Whether Gambrel is recommended."""
        return self.choice == OURS


def recommend(guide: Guide, answers: Answers, name: str = "product") -> Recommendation:
    """Return what the rules that hold come to."""
    rules = [rule for rule in guide.rules if holds(rule, answers)]
    compared = compare(guide, rules)
    shape = most((rule.shape for rule in rules), list(guide.shapes))
    risk = most((rule.risk for rule in rules), list(guide.risks))
    choice, why = decide(rules, compared)
    batteries = list(dict.fromkeys(one for rule in rules for one in rule.batteries))
    has = guide.shapes[shape].batteries
    options = "".join(f" --with {one}" for one in batteries if one not in has)
    return Recommendation(
        name=name,
        answers=answers,
        choice=choice,
        choice_name=guide.frameworks[choice].name,
        choice_why=why,
        shape=shape,
        shape_is=guide.shapes[shape].is_,
        shape_why=[rule.reason for rule in rules if shape in rule.shape],
        batteries=batteries,
        command=f"gambrel new {name} --shape {shape}{options}",
        compared=compared,
        stages=guide.shapes[shape].stages,
        risk=risk,
        first=guide.risks[risk],
        advice=list(dict.fromkeys(rule.advice for rule in rules if rule.advice)),
        rules=[Held(rule.id, rule.row, rule.reason, list(effects(guide, rule))) for rule in rules],
    )


def holds(rule: Rule, answers: Answers) -> bool:
    """Say whether a rule holds: all of `when`, nothing of `unless`, and not yet `until`."""
    if rule.until and (PACKAGE / rule.until / "__init__.py").is_file():
        return False
    if not all(fits(clause, answers) for clause in clauses(rule.when)):
        return False
    return not any(fits(clause, answers) for clause in clauses(rule.unless))


def clauses(condition: Clause | list[Clause]) -> list[Clause]:
    """Return a condition as a list."""
    return condition if isinstance(condition, list) else [condition]


def fits(clause: Clause, answers: Answers) -> bool:
    """Say whether each question of a clause has one of its answers."""
    return all(answers.has(question, values) for question, values in clause.items())


def most(points: Iterator[dict[str, int]], names: list[str]) -> str:
    """Return the name with most points; of several the first."""
    total: Counter[str] = Counter()
    for one in points:
        total.update(one)
    return max(names, key=lambda name: total[name])


def compare(guide: Guide, rules: list[Rule]) -> list[Compared]:
    """Return the seven and ours, in the order of the guide."""
    found = []
    for name in [*guide.seven, OURS]:
        one = guide.frameworks[name]
        gives = [rule.gives[name] for rule in rules if name in rule.gives]
        costs = [rule.costs[name] for rule in rules if name in rule.costs]
        points = sum(rule.weight * ((name in rule.gives) - (name in rule.costs)) for rule in rules)
        found.append(Compared(name, one.name, one.best, points, gives, [*costs, one.costs]))
    return found


def decide(rules: list[Rule], compared: list[Compared]) -> tuple[str, str]:
    """Return what to take, and why: ours, unless a rule or the points say otherwise."""
    best = max((one for one in compared if one.id != OURS), key=lambda one: one.points)
    [ours] = [one for one in compared if one.id == OURS]
    for rule in rules:
        if rule.instead:
            return best.id if rule.instead == "best" else rule.instead, rule.reason
    if best.points > ours.points + MARGIN:
        return best.id, (
            f"What was answered speaks for {best.name} ({best.points:+d}) more than for Gambrel "
            f"({ours.points:+d}): see what each gives and costs."
        )
    return OURS, (
        "Nothing that was answered makes another choice the better one, and this one need not be "
        "changed when the product grows."
    )


def effects(guide: Guide, rule: Rule) -> Iterator[str]:
    """Yield what follows from a rule, in words."""
    for shape, points in rule.shape.items():
        yield f"{points} for the shape {shape}"
    for battery in rule.batteries:
        yield f"with {battery}"
    for risk, points in rule.risk.items():
        yield f"{points} for trying first: {guide.risks[risk].workflow}"
    if rule.instead:
        yield f"instead of Gambrel: {rule.instead}"
