"""What the reference takes from the code is as the code says it.

`ACCEPT=1 python -m pytest tests/docs/test_generated.py` writes it anew.
"""

import os

import pytest

from gambrel.core.routing.converters import BUILT_IN
from gambrel.core.routing.route import FIELDS
from tests.docs.generated import PART, fill
from tests.docs.pages import DOCS

PAGES = [p for p in sorted((DOCS / "reference").glob("*.md")) if PART.search(p.read_text("utf-8"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_generated_parts_of_the_reference_are_up_to_date(page):
    text = page.read_text("utf-8")
    made = fill(text)
    if os.environ.get("ACCEPT"):
        page.write_text(made, "utf-8")

    assert made == page.read_text("utf-8"), "run `ACCEPT=1 pytest tests/docs/test_generated.py`"


def test_every_route_option_is_in_the_reference():
    page = (DOCS / "reference" / "app.md").read_text("utf-8")

    assert [name for name in FIELDS if f"| `{name}` |" not in page] == []


def test_every_converter_is_in_the_reference():
    page = (DOCS / "reference" / "app.md").read_text("utf-8")

    assert [name for name in BUILT_IN if f"| `{{x:{name}" not in page] == []
