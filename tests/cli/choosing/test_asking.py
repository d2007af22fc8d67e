import io
import sys

import click
import pytest
from click.testing import CliRunner

from gambrel import GambrelError
from gambrel.choosing import load_guide
from gambrel.cli.choosing.asking import answers_to, ask, ask_all, read_answers

GUIDE = load_guide()


def typed(text, function):
    """Return what a function makes of what is typed, and what it says."""

    @click.command()
    def command():
        click.echo(f"result: {function()}")

    result = CliRunner().invoke(command, input=text, catch_exceptions=False)
    return result.stdout.rpartition("result: ")[2].strip(), result.output


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("workload", "2\n", "['api']"),
        ("workload", "webhook\n", "['webhook']"),
        ("needs", "1, roles 5\n", "['models', 'roles', 'admin']"),
        ("needs", "\n", "[]"),
        ("needs", "none\n", "[]"),
        ("fast", "\n", "['velocity']"),
        ("today", "\n", "['idea']"),
    ],
)
def test_a_question_is_answered_by_numbers_names_or_enter(question, text, expected):
    assert typed(text, lambda: ask(GUIDE.questions[question]))[0] == expected


def test_what_is_no_answer_is_asked_again_and_why_is_told():
    result, output = typed("?\n12\nap\napi\n", lambda: ask(GUIDE.questions["workload"]))

    assert result == "['api']"
    assert GUIDE.questions["workload"].why in output
    assert "workload has no answer '12'; take of:" in output
    assert "workload has no answer 'ap'; did you mean 'api'?" in output


def test_only_what_was_not_given_is_asked():
    given = {name: ["x"] for name in GUIDE.questions}
    del given["young"]

    result, output = typed("no\n", lambda: ask_all(GUIDE, given)["young"])

    assert result == "['no']"
    assert "1/1" in output
    assert GUIDE.questions["needs"].asks not in output


def test_an_option_takes_several_answers_with_commas():
    needs = answers_to(GUIDE.questions["needs"])

    assert needs(None, None, "models,roles") == ["models", "roles"]
    assert needs(None, None, None) is None
    with pytest.raises(click.BadParameter, match="did you mean 'models'"):
        needs(None, None, "model")


def test_answers_are_read_from_toml_json_and_stdin(tmp_path, monkeypatch):
    (tmp_path / "a.toml").write_text('workload = "api"\nneeds = ["models"]\n')
    (tmp_path / "a.json").write_text('{"workload": "api", "needs": ["models"]}')
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"workload": "api"}')))

    assert read_answers(str(tmp_path / "a.toml")) == read_answers(str(tmp_path / "a.json"))
    assert read_answers("-") == {"workload": "api"}


@pytest.mark.parametrize("content", ["workload: api", None])
def test_a_file_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "answers.toml"
    if content:
        file.write_text(content)

    with pytest.raises(GambrelError) as caught:
        read_answers(str(file))

    assert caught.value.code == "choose.answers-file"
