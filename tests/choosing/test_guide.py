"""The data of the guide: what a rule speaks of is there, and nothing is there for nobody."""

import re
import tomllib

import pytest

from gambrel.choosing import load_guide
from gambrel.choosing.engine import clauses
from gambrel.cli.projects.batteries import BATTERIES
from tests.architecture.source import ROOT

GUIDE = load_guide()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FLOORS = " ".join(PROJECT["tool"]["importlinter"]["contracts"][0]["layers"])


@pytest.mark.parametrize("rule", GUIDE.rules, ids=lambda rule: rule.id)
def test_a_rule_speaks_of_what_is_there(rule):
    conditions = [*clauses(rule.when), *clauses(rule.unless)]
    unknown = [
        f"{question}={answer}"
        for clause in conditions
        for question, answers in clause.items()
        for answer in answers
        if answer not in GUIDE.questions[question].choices
    ]

    assert unknown == []
    assert set(rule.shape) <= set(GUIDE.shapes)
    assert set(rule.risk) <= set(GUIDE.risks)
    assert {*rule.gives, *rule.costs} <= {*GUIDE.seven, "gambrel"}
    assert rule.gives.keys().isdisjoint(rule.costs)
    assert set(rule.batteries) <= BATTERIES.keys()
    assert rule.instead in {"", "best", *GUIDE.frameworks}
    assert rule.until in {"", *re.findall(r"\w+", FLOORS)}


def test_rules_have_names_of_their_own():
    names = [rule.id for rule in GUIDE.rules]

    assert len(names) == len(set(names))


def test_every_answer_matters_to_some_rule():
    """But `nothing`, `few`, and what is only said so that something else is not."""
    spoken = {
        (question, answer)
        for rule in GUIDE.rules
        for clause in [*clauses(rule.when), *clauses(rule.unless)]
        for question, answers in clause.items()
        for answer in answers
    }
    answers = {(q.id, answer) for q in GUIDE.questions.values() for answer in q.choices}

    assert answers - spoken == {
        ("operator", "developers"),
        ("team", "one"),
        ("team", "few"),
        ("later", "small"),
        ("young", "yes"),
    }


def test_defaults_are_answers():
    for question in GUIDE.questions.values():
        default = question.default if isinstance(question.default, list) else [question.default]
        assert set(default) - {None} <= set(question.choices)


def test_only_what_it_is_has_to_be_said():
    assert [q.id for q in GUIDE.questions.values() if q.default is None] == ["workload"]


def test_shapes_have_batteries_that_are_agreed_and_three_stages():
    for shape in GUIDE.shapes.values():
        assert set(shape.batteries) <= BATTERIES.keys()
        assert len(shape.stages) == 3


def test_it_is_read_once():
    assert load_guide() is GUIDE
