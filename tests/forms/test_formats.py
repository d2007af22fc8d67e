from typing import Annotated

import pytest
from msgspec import Struct

from gambrel.conversion.fields import Email
from gambrel.forms import field
from tests.forms.shop import sent


class Card(Struct):
    name: str
    mail: Annotated[str, field(widget="email")] = ""
    mails: Annotated[str, field(widget="email", multiple=True)] = ""
    page: Annotated[str | None, field(widget="url")] = None
    strict: Annotated[Email, field(widget="email")] = "a@example.com"
    fixed: Annotated[str, field(widget="email", readonly=True)] = "nobody"


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("mail", "nope", "must be an e-mail address"),
        ("mail", " ann@example.com ", ""),
        ("mail", "", ""),
        ("mail", "a@example.com, b@example.com", "must be an e-mail address"),
        ("mails", "a@example.com, b@example.com", ""),
        ("mails", "a@example.com, b", "must be an e-mail address"),
        ("page", "javascript:alert(1)", "must be an http or https URL"),
        ("page", "https://example.com/a?b", ""),
        ("page", "", ""),
        ("strict", "nope", "must be an e-mail address"),
    ],
)
def test_what_browsers_check_of_a_widget_is_checked_again(name, text, wrong):
    form = sent(("name", "Ann"), (name, text), kind=Card)

    assert form.errors == ({name: [wrong]} if wrong else {})
    assert (form.value is None) == bool(wrong)
