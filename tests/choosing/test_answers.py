import pytest

from gambrel import GambrelError
from gambrel.choosing import load_guide, parse_answers

GUIDE = load_guide()


def test_what_is_not_answered_is_assumed_and_said_so():
    answers = parse_answers(GUIDE, {"workload": "api", "needs": ["models", "models", "roles"]})

    assert answers.given["workload"] == ["api"]
    assert answers.given["needs"] == ["models", "roles"]
    assert answers.given["today"] == ["idea"]
    assert "today" in answers.assumed
    assert "needs" not in answers.assumed


@pytest.mark.parametrize(
    ("given", "what", "hint"),
    [
        ({}, "workload has no answer", "full-stack"),
        ({"workload": "ap"}, "workload has no answer 'ap'", "did you mean 'api'"),
        ({"workload": ["api", "webhook"]}, "takes one answer, not 2", "full-stack"),
        ({"workload": "api", "need": []}, "no question 'need'", "did you mean 'needs'"),
        ({"workload": "api", "needs": [3]}, "needs has no answer 3", "models"),
    ],
)
def test_what_is_no_answer_is_refused_with_what_is_one(given, what, hint):
    with pytest.raises(GambrelError) as caught:
        parse_answers(GUIDE, given, "answers.toml")

    assert caught.value.code == "choose.answer"
    assert what in caught.value.what
    assert hint in caught.value.hint
    assert caught.value.where == "answers.toml"
