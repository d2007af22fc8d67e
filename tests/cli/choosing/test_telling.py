import pytest

from gambrel.choosing import load_guide, parse_answers, recommend
from gambrel.cli.choosing.telling import WIDTH, lines

GUIDE = load_guide()


def told(prototype="", **answers):
    found = recommend(GUIDE, parse_answers(GUIDE, answers), "shop")
    return found, "\n".join(lines(GUIDE, found, prototype))


def test_everything_is_told_in_lines_of_a_terminal():
    found, text = told(workload="dashboard", needs=["models", "realtime"])

    assert "Gambrel, shape realtime" in text
    assert all(one.name in text for one in found.compared)
    assert all(f"{held.rule} ({held.row})" in text for held in found.rules)
    assert text.index("Prototype first") < text.index("  gambrel new shop --shape realtime")
    assert "Assumed, as nobody has said: fast=velocity knows=none" in text
    assert all(len(line) <= WIDTH + 10 for line in text.splitlines())  # styles are not seen


def test_another_choice_comes_first_and_the_command_last():
    _, text = told(workload="webhook", operator="platform")

    assert "Take the platform's own runtime" in text
    assert "If you take Gambrel all the same" in text


@pytest.mark.parametrize(
    ("prototype", "line"),
    [("", "add --prototype prototype.py"), ("try.py", "gambrel run try.py")],
)
def test_the_prototype_is_named_where_it_is(prototype, line):
    assert line in told(prototype, workload="api")[1]
