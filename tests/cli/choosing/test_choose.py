import json

import pytest

from gambrel.choosing import read_stub


def test_options_are_answers_and_the_rest_is_assumed(folder, gambrel):
    result = gambrel("choose", "shop", "--workload", "api", "--needs", "models,public-api")

    assert result.exit_code == 0
    assert "gambrel new shop --shape api --with db" in result.stdout
    assert "Assumed, as nobody has said" in result.stdout


def test_answers_of_a_file_are_overridden_by_options(folder, gambrel):
    (folder / "answers.toml").write_text('workload = "webhook"\ntoday = "small"\n')

    result = gambrel("choose", "--answers", "answers.toml", "--workload", "api", "--json")

    found = json.loads(result.stdout)
    assert found["answers"]["given"]["workload"] == ["api"]
    assert found["answers"]["given"]["today"] == ["small"]
    assert found["command"] == "gambrel new product --shape api"
    assert len(found["compared"]) == 8
    assert found["rules"][0].keys() == {"rule", "row", "reason", "effects"}


def test_json_goes_in_and_out(folder, gambrel):
    result = gambrel("choose", "--answers", "-", "--json", typed='{"workload": "webhook"}')

    assert json.loads(result.stdout)["shape"] == "service"


def test_what_is_not_answered_is_asked(folder, gambrel):
    typed = "api\nmodels\n" + "\n" * 9

    result = gambrel("choose", "shop", "--ask", typed=typed)

    assert result.exit_code == 0
    assert "gambrel new shop --shape api --with db" in result.stdout
    assert "What is it, mostly?" not in result.stdout
    assert "What is it, mostly?" in result.stderr


def test_record_and_prototype_are_written_once(folder, gambrel):
    options = ("--record", "docs/decisions/0003-framework.md", "--prototype", "try.py")

    first = gambrel("choose", "shop", "--workload", "webhook", *options)
    second = gambrel("choose", "shop", "--workload", "api", *options)

    record = (folder / "docs" / "decisions" / "0003-framework.md").read_text()
    assert first.exit_code == 0
    assert record.startswith("# 3. shop starts with Gambrel, in the shape `service`")
    assert (folder / "try.py").read_text() == read_stub("webhook")
    assert "gambrel run try.py" in first.stdout
    assert second.exit_code == 1
    assert "choose.file-exists" in second.stderr
    assert (folder / "docs" / "decisions" / "0003-framework.md").read_text() == record


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 1, "workload has no answer"),
        (["My Shop", "--workload", "api"], 2, "'My Shop' is not a name"),
        (["--workload", "ap"], 2, "did you mean 'api'"),
        (["--answers", "none.toml"], 1, "choose.answers-file"),
        (["--workload", "api", "--record", "."], 2, "is a directory"),
        (["--workload", "api", "--record", "app.py/one.md"], 1, "app.py/one.md"),
    ],
)
def test_mistakes_are_told(shop, gambrel, options, code, words):
    result = gambrel("choose", *options)

    assert result.exit_code == code
    assert words in result.stderr
