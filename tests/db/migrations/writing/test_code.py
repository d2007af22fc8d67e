import ast

import pytest

from gambrel.db.migrations.writing.code import formatted, quoted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("f('a', b=1)", '    f("a", b=1)'),
        ("f(('a',), {'b': [1, 2]})", '    f(("a",), {"b": [1, 2]})'),
        ("with f('a') as g:\n    g.h()", '    with f("a") as g:\n        g.h()'),
        ("pass", "    pass"),
    ],
)
def test_what_fits_is_one_line(code, wanted):
    assert formatted(code) == wanted


def test_what_is_long_has_a_line_for_its_arguments_or_for_each():
    assert formatted("f('a' , 'b', c='d')", 20).splitlines() == [
        "    f(",
        '        "a",',
        '        "b",',
        '        c="d",',
        "    )",
    ]
    assert formatted("function('a', 'b')", 20).splitlines() == [
        "    function(",
        '        "a", "b"',
        "    )",
    ]


def test_the_meaning_stays():
    code = "op.f('x' * 3, [sa.Column('a', sa.text(\"now('x')\")), ('b',)], k={'a': -1})"

    again = ast.parse(formatted(code, 30).strip())

    assert ast.dump(again) == ast.dump(ast.parse(code))


@pytest.mark.parametrize("text", ["a", "it's", 'say "a"', "both ' and \"", "back\\slash", "\n"])
def test_texts_are_quoted(text):
    assert ast.literal_eval(quoted(text)) == text
