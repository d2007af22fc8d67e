"""Every row of the guide is a test: somebody in that case gets the answer that belongs to it."""

import pytest

from gambrel.choosing import load_guide, parse_answers, recommend
from tests.choosing.rows import ROWS


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.row}: {case.rules[0]}")
def test_a_row_of_the_guide_gets_its_answer(case):
    guide = load_guide()

    found = recommend(guide, parse_answers(guide, case.answers))

    held = {rule.rule: rule.row for rule in found.rules}
    seven = [one for one in found.compared if one.id != "gambrel"]
    against = {one.id for one in found.compared if len(one.costs) > 1}
    assert set(case.rules) <= set(held)
    assert case.row in {held[name] for name in case.rules}
    assert found.shape == case.shape
    assert found.choice == case.choice
    assert max(seven, key=lambda one: one.points).id == case.best or not case.best
    assert found.risk == case.risk or not case.risk
    assert set(case.batteries) <= set(found.batteries)
    assert case.advice in "\n".join(found.advice)
    assert set(case.avoid) <= against


def test_every_rule_is_in_a_row_and_every_row_has_a_rule():
    rules = load_guide().rules

    assert {name for case in ROWS for name in case.rules} == {rule.id for rule in rules}
    assert {case.row for case in ROWS} == {rule.row for rule in rules}


@pytest.mark.parametrize(
    "rule", [rule for rule in load_guide().rules if rule.when], ids=lambda r: r.id
)
def test_a_rule_with_a_condition_does_not_always_hold(rule):
    guide = load_guide()
    holding = [
        case
        for case in ROWS
        if rule.id
        in {held.rule for held in recommend(guide, parse_answers(guide, case.answers)).rules}
    ]

    assert 0 < len(holding) < len(ROWS)
