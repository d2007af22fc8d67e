import datetime as dt

from gambrel.choosing import load_guide, parse_answers, recommend, render_record

GUIDE = load_guide()


def record(name="shop", **answers):
    found = recommend(GUIDE, parse_answers(GUIDE, answers), name)
    return found, render_record(GUIDE, found, 7, dt.date(2026, 11, 28))


def test_a_decision_says_what_was_answered_decided_and_set_aside():
    found, text = record(workload="api", needs=["models"])

    assert found.is_ours
    assert text.startswith("# 7. shop starts with Gambrel, in the shape `api`\n")
    assert "Proposed, 2026-11-28." in text
    assert "- What must it have? *data models in a database*\n" in text
    assert "*the team ships soon* (assumed)" in text
    assert "$ gambrel new shop --shape api --with db" in text
    for one in found.compared:
        assert f"| {one.name} | " in text
    assert found.first.workflow in text
    assert all(stage.next in text for stage in found.stages)
    assert all(held.reason in text for held in found.rules)


def test_a_decision_for_another_framework_says_so():
    _, text = record(workload="webhook", operator="platform")

    assert text.startswith("# 7. shop starts with the platform's own runtime\n")
    assert "Had it been Gambrel: `gambrel new shop --shape service`." in text
