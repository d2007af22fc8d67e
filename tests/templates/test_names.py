import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.templates.names import is_escaped, is_name, media_type_of, nearest

HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "/abs",
    "a//b",
    "a/../../x",
    "a/./b",
    "C:\\x",
    "C:x",
    "..\\x",
    "a\\b",
    "a\0b",
    "a\nb",
    "a b",
    ".env",
    ".git/config",
    "a/.hidden/b",
    "a.",
    "a.html::$DATA",
    "%2e%2e/x",
    "x\u202egpj.exe",
    "\uff0e\uff0e/x",
    "x" * 5_000,
]


@pytest.mark.parametrize("name", ["index.html", "a/b-c/d_e.html", "feed.xml.jinja", "1.txt"])
def test_names_are_parts_of_letters_digits_dots_and_dashes(name):
    assert is_name(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_lead_elsewhere_is_none(name):
    assert not is_name(name)


@given(st.text())
def test_whatever_is_a_name_stays_below_its_folder(name):
    if is_name(name):
        assert ".." not in name.split("/")
        assert not name.startswith(("/", "."))
        assert name.isprintable()
        assert "\\" not in name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html"),
        ("feed.xml", "application/xml"),
        ("feed.xml.jinja", "application/xml"),
        ("logo.svg", "image/svg+xml"),
        ("mail.txt", "text/plain"),
        ("index.jinja", "text/html"),
        ("index", "text/html"),
    ],
)
def test_the_name_says_the_media_type(name, kind):
    assert media_type_of(name) == kind


@pytest.mark.parametrize(
    "name", ["a.html", "a.htm", "a.xml", "a.svg", "a.jinja", "a", "a.new", None]
)
def test_values_are_escaped_unless_the_name_says_plain_text(name):
    assert is_escaped(name)


@pytest.mark.parametrize("name", ["mail.txt", "mail.txt.j2", "table.csv", "robots.TXT"])
def test_plain_texts_have_nothing_to_escape(name):
    assert not is_escaped(name)


def test_what_may_have_been_meant_is_told():
    assert nearest("idex.html", ["index.html", "about.html"]) == "did you mean 'index.html'?"
    assert nearest("zzz", ["index.html"]) == ""
