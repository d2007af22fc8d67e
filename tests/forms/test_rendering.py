import re
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct
from msgspec import field as field_of_struct

from gambrel.forms import field
from tests.forms.shop import form_of, sent, sent_order


class Login(Struct):
    name: Annotated[str, field("Name", help="As on <your> card.", autocomplete="username")]
    secret: Annotated[str, field(widget="password")]
    token: Annotated[str, field(widget="hidden")] = "t"


def test_an_input_has_a_label_and_what_describes_it():
    html = form_of(Login)["name"].__html__()

    assert html == (
        '<div class="form-field form-text"><label for="field-name">Name</label>'
        '<p class="form-help" id="field-name-help">As on &lt;your&gt; card.</p>'
        '<input type="text" id="field-name" name="name" aria-describedby="field-name-help" '
        'autocomplete="username" required></div>'
    )


def test_an_error_is_tied_to_its_input_and_the_first_has_the_focus():
    form = sent(("name", ""), ("secret", ""), kind=Login)
    html = form.__html__()

    assert 'aria-describedby="field-name-help field-name-error" aria-invalid="true"' in html
    assert '<p class="form-error" id="field-secret-error">Is required</p>' in html
    assert html.count("autofocus") == 1
    assert re.search(r'id="field-name"[^>]* autofocus', html)


def test_the_summary_leads_to_the_fields():
    form = sent_order({"name": "", "size": "q"})
    form.refuse("", "The shop is closed.")

    assert form.summary.startswith('<div class="form-summary" role="alert"')
    assert '<a href="#field-name">Name is required</a>' in form.summary
    assert '<a href="#field-size-0">Size is none of the choices</a>' in form.summary
    assert "<li>The shop is closed.</li>" in form.summary
    assert form_of().summary == ""


def test_what_was_typed_is_shown_again_and_never_a_password():
    form = sent(("name", '"><script>'), ("secret", "hunter2"), ("token", "x"), kind=Login)
    html = form.__html__()

    assert 'value="&quot;&gt;&lt;script&gt;"' in html
    assert "hunter2" not in html
    assert '<input type="hidden" value="x" id="field-token" name="token">' in html


def test_choices_are_a_group_with_a_legend():
    html = form_of()["size"].__html__()

    assert html.startswith('<fieldset class="form-field form-radio"><legend>Size</legend>')
    assert 'value="m" checked id="field-size-1"' in html


def test_a_select_that_must_be_chosen_begins_with_nothing():
    assert '<option value=""></option><option value="r">' in form_of()["colour"].__html__()
    assert '<option value=""' not in form_of()["country"].__html__()
    form = form_of()["country"]
    form.choices = (("it", "Italy"),)
    assert "Italy" in form.__html__()


def test_a_box_stands_before_its_label():
    html = form_of()["news"].__html__()

    assert re.search(
        r'<input type="checkbox" value="on" checked [^>]*><label for="field-news">', html
    )


def test_rows_have_buttons_that_work_without_a_script():
    html = form_of()["lines"].__html__()

    assert (
        '<button type="submit" name="_add" value="lines" formnovalidate>Add another</button>'
        in html
    )
    assert 'name="_remove" value="lines.0" formnovalidate aria-label="Remove Lines 1"' in html
    assert 'name="lines.0.sku"' in html


def test_the_form_says_how_it_is_sent():
    assert form_of().attributes == 'method="post" enctype="multipart/form-data"'
    assert form_of(Login).attributes == 'method="post"'


def test_an_input_takes_further_attributes():
    assert 'class="wide"' in form_of(Login)["name"].input(class_="wide")


def test_text_keeps_its_first_line_break():
    class Note(Struct):
        text: Annotated[str, Meta(max_length=1_000)]

    html = sent(("text", "\n</textarea>"), kind=Note)["text"].input()

    assert html.endswith(">\n\n&lt;/textarea&gt;</textarea>")


@pytest.mark.parametrize("given", [[("level", "")], []], ids=["empty", "absent"])
def test_a_select_that_was_left_empty_is_still_empty_when_it_is_shown_again(given):
    class Outing(Struct):
        level: Literal["easy", "hard"]

    html = sent(*given, kind=Outing)["level"].__html__()

    assert "Is required" in html
    assert '<option value=""' in html
    chosen = [text for text in re.findall(r"<option[^>]*selected", html) if 'value=""' not in text]
    assert chosen == []


def test_a_select_whose_choice_is_made_takes_no_empty_one():
    assert '<option value=""' not in sent(("colour", "r"))["colour"].__html__()


class Guest(Struct):
    name: str


class Stay(Struct):
    city: str
    guest: Guest
    guests: list[Guest]
    nights: Annotated[int, field(widget="radio", choices={1: "One"})] = 1


class Visit(Struct):
    name: str
    stay: Stay | None
    later: Guest = field_of_struct(default_factory=lambda: Guest("Ann"))


def test_browsers_do_not_insist_on_what_is_in_a_group_that_may_be_left_empty():
    html = form_of(Visit).__html__()

    assert re.findall(r'name="([^"]*)"[^>]* required', html) == ["name"]
    assert '<legend>Stay<span class="form-optional"> (optional)</span></legend>' in html


def test_browsers_do_not_insist_on_the_row_that_a_group_ends_with():
    class Guest(Struct):
        name: str

    class Party(Struct):
        host: str
        guests: list[Guest]

    html = form_of(Party).__html__()

    assert 'name="guests.0.name"' in html
    assert re.findall(r'name="([^"]*)"[^>]* required', html) == ["host"]
