import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.files.static.references import find_references, resolve, rewrite

CSS = """
@import "base.css"; @import 'a/b.css'; @import url(c.css);
a { background: url(../img/a.png?x#y), url( "d e.png" ) }
b { background: url(/static/img/b.png) }
/* url(old.png) */
i { background: url(data:image/png;base64,AA==), url(https://a.example/x.png), url(//b.example/y) }
j { filter: url(#shadow); src: url(/elsewhere/z.png), url(../../../out.png), url() }
/*# sourceMappingURL=site.css.map */
"""
JS = """
import{a}from"./a.js";import b from '../b.js';import "./c.js";export * from "./d.js";
const later = () => import("./e.js"), text = "import x", other = from("x.js");
import vue from "vue"; import cdn from "https://cdn.example/x.js"; import("/static/f.js");
//# sourceMappingURL=site.js.map
"""


def test_references_of_a_style_sheet_are_found():
    assert [target for _, target in find_references("css/site.css", CSS)] == [
        "css/base.css",
        "css/a/b.css",
        "css/c.css",
        "img/a.png",
        "css/d e.png",
        "img/b.png",
        "css/site.css.map",
    ]


def test_imports_of_a_module_are_found():
    assert [target for _, target in find_references("js/site.js", JS)] == [
        "js/a.js",
        "b.js",
        "js/c.js",
        "js/d.js",
        "js/e.js",
        "f.js",
        "js/site.js.map",
    ]


def test_other_files_have_none():
    assert list(find_references("page.html", '<link href="site.css">')) == []
    assert rewrite("page.html", "url(a.png)", lambda name: "b.png", "/static") == "url(a.png)"


def test_a_renamed_file_is_called_by_its_new_name_where_it_is():
    text = rewrite("css/site.css", CSS, lambda name: f"{name}.new", "/static")

    for expected in (
        '@import "base.css.new"',
        "@import 'a/b.css.new'",
        "url(c.css.new)",
        "url(../img/a.png.new?x#y)",
        'url( "d%20e.png.new" )',
        "url(/static/img/b.png.new)",
        "/* url(old.png) */",
        "url(data:image/png;base64,AA==)",
        "url(#shadow)",
        "url(../../../out.png)",
        "sourceMappingURL=site.css.map.new */",
    ):
        assert expected in text


def test_modules_are_renamed_alike():
    text = rewrite("js/site.js", JS, lambda name: f"{name}.new", "/static")

    assert 'import{a}from"./a.js.new"' in text
    assert 'import("./e.js.new")' in text
    assert 'import("/static/f.js.new")' in text
    assert 'from "vue"' in text


def test_what_is_not_renamed_stays_as_it_is():
    assert rewrite("css/site.css", CSS, lambda name: None, "/static") == CSS


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("a.png", "css/a.png"),
        ("./a.png", "css/a.png"),
        ("../a.png", "a.png"),
        ("../../a.png", None),
        ("%61.png", "css/a.png"),
        ("/assets/a.png", "a.png"),
        ("/assetsX/a.png", None),
        ("/assets/../../etc/passwd", "../../etc/passwd"),
        ("//host/a.png", None),
        ("javascript:x", None),
        ("?a", None),
        ("b/", None),
    ],
)
def test_a_reference_leads_to_a_name_below_the_prefix(reference, target):
    assert resolve("css/site.css", reference, "/assets/") == target


@given(st.text(alphabet="url(@import'\"/*#. \n=a)}", max_size=200))
def test_any_text_is_read_and_written_again(text):
    for name in ("a.css", "a.js"):
        list(find_references(name, text))
        assert rewrite(name, text, lambda _: None, "/static") == text
