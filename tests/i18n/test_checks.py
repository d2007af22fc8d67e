from babel.messages import Catalog

from gambrel.checks import Level
from gambrel.i18n.catalogs import Folder
from gambrel.i18n.checks import problems_of
from gambrel.i18n.locales import parse_locale
from tests.i18n.catalogs import TWO, write_catalog


def told(folder, body, name="de", plural=TWO, template=None):
    write_catalog(folder, name, body, plural)
    found = problems_of([parse_locale(name)], "en", [Folder(folder, "app")], template)
    return {(problem.id, problem.message): problem for problem in found}


def message(source, translation):
    return f'msgid "{source}"\nmsgstr "{translation}"\n\n'


def forms(one, many, *given):
    lines = [f'msgstr[{n}] "{text}"' for n, text in enumerate(given)]
    return f'msgid "{one}"\nmsgid_plural "{many}"\n' + "\n".join(lines) + "\n\n"


def ids(problems):
    return sorted(code for code, _ in problems)


def test_a_good_catalog_has_no_problem(tmp_path):
    body = message("Hello %(name)s, <b>100 %%</b>", "%(name)s, hallo, <b>100 %%</b>")
    body += message("100 %", "100 % ja") + forms(
        "one guest", "%(num)s guests", "ein Gast", "%(num)s Gäste"
    )

    assert told(tmp_path, body) == {}


def test_a_value_that_is_left_out_or_that_nobody_gives_is_told_with_its_line(tmp_path):
    problems = told(tmp_path, message("Hello %(name)s", "Hallo %(nmae)s"))

    assert ids(problems) == ["i18n.placeholder"] * 2
    assert {problem.where for problem in problems.values()} == {
        f"{tmp_path}/de/LC_MESSAGES/messages.po:6"
    }
    assert all(problem.level is Level.ERROR for problem in problems.values())


def test_a_text_that_cannot_be_filled_in_is_told(tmp_path):
    assert ids(told(tmp_path, message("%(a)s off", "%(a)s: 100 % ab"))) == ["i18n.placeholder"]
    assert ids(told(tmp_path, message("%(a)s off", "%(a)999999999s"))) == ["i18n.placeholder"]


def test_a_number_may_be_left_out_of_a_form_and_another_value_may_not(tmp_path):
    fine = forms(
        "%(num)s car of %(who)s",
        "%(num)s cars of %(who)s",
        "ein Auto von %(who)s",
        "%(num)s von %(who)s",
    )
    wrong = forms(
        "%(num)s bus of %(who)s", "%(num)s buses of %(who)s", "ein Bus", "%(num)s von %(who)s"
    )

    assert ids(told(tmp_path, fine + wrong)) == ["i18n.placeholder"]


def test_forms_that_do_not_fit_the_language_are_told(tmp_path):
    body = forms("a", "b", "x", "y")

    assert ids(told(tmp_path, body, "ar")) == ["i18n.plural"]


def test_markup_that_the_original_does_not_have_is_told(tmp_path):
    problems = told(tmp_path, message("Hello", "<b>Hallo</b>"))

    assert ids(problems) == ["i18n.markup"] * 2
    assert all(problem.level is Level.WARNING for problem in problems.values())


def test_what_is_not_translated_is_counted(tmp_path):
    body = message("a", "") + message("b", "B") + "#, fuzzy\n" + message("c", "C")

    problems = told(tmp_path, body)

    assert list(problems) == [("i18n.untranslated", "2 messages of de have no translation")]


def test_what_the_app_says_and_a_catalog_lacks_is_told(tmp_path):
    template = Catalog()
    template.add("a")
    template.add(("b", "bs"))

    problems = told(tmp_path, message("a", "A"), template=template)

    assert list(problems) == [("i18n.stale", "1 messages of the app are not in it, such as 'b'")]


def test_a_missing_and_a_broken_catalog_are_problems(tmp_path):
    assert ids(told(tmp_path, "rubbish\n")) == ["i18n.catalog"]
    missing = problems_of(
        [parse_locale("fr"), parse_locale("en")], "en", [Folder(tmp_path, "app")], None
    )
    assert [problem.id for problem in missing] == ["i18n.no-catalog"]


def test_a_text_without_its_quote_and_a_wrong_rule_of_plurals_are_problems(tmp_path):
    body = 'msgid "rides"\nmsgstr "Ausfahrten\n'
    (unquoted,) = told(tmp_path, body).values()
    (plural,) = told(tmp_path, "", plural="nplurals=2; plural=(n !! 1);").values()

    file = f"{tmp_path}/de/LC_MESSAGES/messages.po"
    assert (unquoted.id, unquoted.where) == ("i18n.catalog", f"{file}:7")
    assert (plural.id, plural.where) == ("i18n.catalog", f"{file}:4")
