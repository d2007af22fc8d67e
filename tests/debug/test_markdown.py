import pytest

from gambrel.debug.markdown import fenced, one_line, render_markdown
from gambrel.debug.report import build_report
from tests.debug.requests import request


def fail():
    total = None
    return total.cents


def markdown(path="/"):
    try:
        fail()
    except AttributeError as error:
        return render_markdown(build_report(error, request(path, query="page=2"), "5f0d"))


def test_it_begins_with_the_error_and_the_hint():
    lines = markdown().splitlines()

    assert lines[0] == "# AttributeError: 'NoneType' object has no attribute 'cents'"
    assert lines[2] == "`GET /`"
    assert lines[4].startswith("**Hint:** What stands before `.cents` is `None`")


def test_it_shows_the_failed_line_and_the_locals():
    text = markdown()

    assert ">   10      return total.cents" in text
    assert "total = None" in text


def test_it_shows_the_request_and_the_incident():
    text = markdown()

    assert "page = 2" in text
    assert "Incident 5f0d" in text


def test_a_path_cannot_begin_a_heading_of_its_own():
    assert "\n# owned" not in markdown("/\n# owned")


@pytest.mark.parametrize(
    ("text", "block"),
    [("a", "```\na\n```"), ("a ``` b", "````\na ``` b\n````"), ("", "```\n\n```")],
)
def test_a_block_cannot_be_left_by_its_content(text, block):
    assert fenced(text) == block


def test_lines_are_joined():
    assert one_line("a\n  b\r\nc") == "a b c"
