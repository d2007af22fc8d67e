import ast
from typing import Annotated, Any

import msgspec
import pytest
from babel.messages.pofile import read_po

from gambrel.conversion.faults import collect
from gambrel.core.http.bodies.forms import FormData
from gambrel.core.http.status import phrase
from gambrel.error_page import _SENTENCES
from gambrel.forms import HTMLForm
from gambrel.forms.extension import define
from gambrel.i18n import lazy_gettext
from gambrel.i18n.catalogs import OWN
from gambrel.i18n.checks import problems_in
from gambrel.i18n.faults import PATTERNS, SENTENCES
from gambrel.i18n.locales import parse_locale
from tests.architecture.source import sources


def test_what_is_wrong_is_said_in_the_language_with_its_values(languages):
    explain = languages.by_tag["de"].explain

    assert explain("is required") == "wird benötigt"
    assert explain("must have at least 1 character") == "muss mindestens 1 Zeichen haben"
    assert explain("must have at most 20 items") == "darf höchstens 20 Einträge haben"
    assert explain("must be at least 0.5") == "muss mindestens 0.5 sein"
    often = "This was sent too often. Try again in 40 seconds."
    assert explain(often) == (
        "Das wurde zu oft gesendet. Bitte in 40 Sekunden noch einmal versuchen."
    )
    assert explain("must be one of a, b") == "muss eines von diesen sein: a, b"
    assert languages.by_tag["en"].explain("is required") == "is required"


def test_arabic_has_its_forms_for_numbers(languages):
    explain = languages.by_tag["ar"].explain

    assert explain("must have at least 2 characters") == "يجب أن تحتوي القيمة على حرفين على الأقل"
    assert explain("must have at least 3 characters") == "يجب أن تحتوي القيمة على 3 أحرف على الأقل"
    assert (
        explain("must have at least 11 characters") == "يجب أن تحتوي القيمة على 11 حرفًا على الأقل"
    )


def test_rules_of_the_app_are_messages_of_the_app_and_others_stay(languages):
    explain = languages.by_tag["de"].explain

    assert explain("Late") == "Spät"
    assert explain("is nobody's business") == "is nobody's business"
    assert explain("x" * 10_000) == "x" * 10_000


def test_a_pattern_may_say_what_it_means_in_every_language(languages):
    class Parcel(msgspec.Struct):
        code: Annotated[
            str, msgspec.Meta(pattern="^[A-Z]{2}$", extra={"message": lazy_gettext("Late")})
        ]

    form: Any = HTMLForm(define(Parcel))
    with languages.use("de"):
        form.read(FormData([("code", "x")]))

    assert form["code"].error == "Spät"
    assert form.faults[0].message == "Late"


BOUNDS: list[tuple[Any, Any]] = [
    (Annotated[str, msgspec.Meta(min_length=2)], "a"),
    (Annotated[str, msgspec.Meta(max_length=1)], "abc"),
    (Annotated[str, msgspec.Meta(pattern="^a$")], "b"),
    (Annotated[list[int], msgspec.Meta(min_length=1)], []),
    (Annotated[bytes, msgspec.Meta(max_length=2)], "AAAAAAAA"),
    (Annotated[int, msgspec.Meta(ge=3)], 1),
    (Annotated[int, msgspec.Meta(gt=3)], 1),
    (Annotated[int, msgspec.Meta(le=3)], 9),
    (Annotated[int, msgspec.Meta(lt=3)], 9),
    (Annotated[int, msgspec.Meta(multiple_of=3)], 4),
    (tuple[int, int], [1]),
]


@pytest.mark.parametrize(("kind", "value"), BOUNDS)
def test_what_conversion_says_is_known(languages, kind, value):
    (fault,) = collect(kind, value)

    for tag in ("de", "ar"):
        assert languages.by_tag[tag].explain(fault.message) != fault.message


def said_in_source() -> set[str]:
    """Return the texts of `say("…")` in the package."""
    return {
        node.args[0].value
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "say"
        and "from gambrel.wording import" in source.text
        and isinstance(node.args[0], ast.Constant)
    }


def told_by_conversion() -> set[str]:
    """Return the texts without values that conversion tells as faults."""
    return {
        node.value
        for source in sources("conversion")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(
            ("must be ", "must have ", "must not ", "is required", "is not a k")
        )
        and not node.value.endswith(" ")
        and "{" not in node.value
    }


def test_every_text_that_conversion_has_is_listed():
    parts = {"must be one of", "must be a multiple of"}

    assert told_by_conversion() - parts <= set(SENTENCES)


@pytest.mark.parametrize("tag", ["de", "ar"])
def test_every_text_of_ours_is_translated_without_a_problem(tag):
    with (OWN / tag / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        catalog = read_po(stream, locale=tag)
    titles = {phrase(n) for n in range(400, 600) if phrase(n) not in {phrase(418), phrase(599)}}
    wanted = {*SENTENCES, *_SENTENCES.values(), *said_in_source(), *titles}
    wanted |= {one for one, _ in PATTERNS}
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.context == "gambrel"}

    assert wanted - known == set()
    assert list(problems_in(catalog, "here", parse_locale(tag))) == []
