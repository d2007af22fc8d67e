import msgspec
import pytest

from gambrel.choosing import engine, load_guide, parse_answers, recommend
from gambrel.choosing.guide import Rule

GUIDE = load_guide()
ANSWERS = parse_answers(GUIDE, {"workload": "api", "needs": ["models"], "today": "small"})


def rule(**fields):
    return msgspec.convert({"id": "one", "row": "row", "reason": "why", **fields}, Rule)


def guide_of(*rules):
    return msgspec.structs.replace(GUIDE, rules=list(rules))


@pytest.mark.parametrize(
    ("when", "unless", "expected"),
    [
        ({}, [], True),
        ({"workload": ["webhook", "api"]}, [], True),
        ({"workload": ["api"], "today": ["idea"]}, [], False),
        ([{"needs": ["models"]}, {"needs": ["roles"]}], [], False),
        ({}, {"today": ["small"]}, False),
        ({}, [{"today": ["idea"]}, {"needs": ["models"]}], False),
        ({}, {"today": ["small"], "needs": ["roles"]}, True),
    ],
)
def test_a_rule_holds_where_all_of_when_and_nothing_of_unless_does(when, unless, expected):
    assert engine.holds(rule(when=when, unless=unless), ANSWERS) is expected


def test_a_rule_ends_when_the_battery_it_waits_for_is_there(monkeypatch, tmp_path):
    monkeypatch.setattr(engine, "PACKAGE", tmp_path)
    waiting = rule(when={}, until="admin")

    assert engine.holds(waiting, ANSWERS)
    (tmp_path / "admin").mkdir()
    (tmp_path / "admin" / "__init__.py").touch()
    assert not engine.holds(waiting, ANSWERS)


def test_points_of_a_framework_are_weighed():
    rules = [
        rule(when={}, gives={"django": "a"}, costs={"flask": "b"}, weight=3),
        rule(when={}, costs={"django": "c"}),
    ]

    django, _, flask, *_ = recommend(guide_of(*rules), ANSWERS).compared

    assert (django.points, django.gives, django.costs[:-1]) == (2, ["a"], ["c"])
    assert (flask.points, flask.gives, flask.costs[:-1]) == (-3, [], ["b"])


def test_the_first_rule_that_knows_better_is_followed():
    rules = [rule(when={}, instead="flask", reason="first"), rule(when={}, instead="best")]

    found = recommend(guide_of(*rules), ANSWERS)

    assert (found.choice, found.choice_why, found.is_ours) == ("flask", "first", False)


def test_the_best_is_the_framework_with_most_points_and_never_ours():
    rules = [rule(when={}, instead="best", gives={"gambrel": "all", "sanic": "some"})]

    assert recommend(guide_of(*rules), ANSWERS).choice == "sanic"


@pytest.mark.parametrize(("weight", "choice"), [(3, "gambrel"), (4, "pyramid")])
def test_without_such_a_rule_another_has_to_be_clearly_ahead(weight, choice):
    found = recommend(guide_of(rule(when={}, gives={"pyramid": "x"}, weight=weight)), ANSWERS)

    assert found.choice == choice


def test_the_command_names_the_shape_and_what_it_does_not_have():
    rules = [
        rule(
            when={}, shape={"platform": 1}, **{"with": ["db", "languages", "sessions", "languages"]}
        )
    ]

    found = recommend(guide_of(*rules), ANSWERS, "shop")

    assert found.batteries == ["db", "languages", "sessions"]
    assert found.command == "gambrel new shop --shape platform --with languages"


def test_every_rule_that_held_is_told_with_what_follows_from_it():
    found = recommend(guide_of(rule(when={}, shape={"api": 2}, instead="flask")), ANSWERS)

    [held] = found.rules
    assert (held.rule, held.row, held.reason) == ("one", "row", "why")
    assert held.effects == ["2 for the shape api", "instead of Gambrel: flask"]
    assert found.shape_why == ["why"]


def test_every_framework_has_something_to_give_and_to_cost():
    found = recommend(GUIDE, ANSWERS)

    assert [one.id for one in found.compared] == [*GUIDE.seven, "gambrel"]
    assert all(one.costs and one.best for one in found.compared)
