"""The product owners of the guide to choosing get the answers that stand there."""

import re
import tomllib

import pytest

from gambrel.choosing import load_guide, parse_answers, recommend
from tests.docs.pages import DOCS

PAGE = (DOCS / "guides" / "choosing.md").read_text("utf-8")
OWNER = re.compile(
    r"^### (?P<name>\w+): .*?^```toml\n(?P<answers>.*?)^```.*?^```text\n(?P<told>.*?)^```"
    r"\n\n\*\*Is it right\?\*\* \w",
    re.MULTILINE | re.DOTALL,
)
OWNERS = list(OWNER.finditer(PAGE))


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner["name"])
def test_a_product_owner_gets_the_answer_that_is_written_down(owner):
    guide = load_guide()
    answers = parse_answers(guide, tomllib.loads(owner["answers"]))

    found = recommend(guide, answers, owner["name"].lower())

    assert owner["told"].splitlines() == [
        f"take:   {found.choice_name}",
        f"shape:  {found.shape}",
        f"first:  {found.first.workflow}",
        f"begin:  {found.command}",
    ]


def test_five_of_them_asked():
    assert len(OWNERS) == 5


def test_every_shape_is_told_as_the_guide_has_it():
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE))

    assert told == {name: shape.is_ for name, shape in load_guide().shapes.items()}
