import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from gambrel.debug.highlight import highlight_lines, render_line


def rendered(source, line=1, marked=None):
    text = source.splitlines()[line - 1]
    return render_line(text, highlight_lines(source).get(line, []), marked)


def test_tokens_are_marked_by_kind():
    assert rendered("return 'a', 1, None  # why") == (
        '<i class="k">return</i> <i class="s">&#x27;a&#x27;</i>, <i class="n">1</i>, '
        '<i class="c">None</i>  <i class="m"># why</i>'
    )


def test_a_string_over_several_lines_is_marked_on_each():
    source = 'x = """a\nb\nc"""\n'

    assert rendered(source, 2) == '<i class="s">b</i>'


def test_the_part_that_failed_is_marked_across_tokens():
    assert rendered("a = f(1)", marked=(4, 8)) == (
        'a = <mark>f(</mark><mark><i class="n">1</i></mark><mark>)</mark>'
    )


def test_source_that_is_cut_off_is_marked_as_far_as_it_goes():
    assert highlight_lines("return (1,\n")[1][0] == (0, 6, "k")


def test_markup_in_source_is_escaped():
    assert rendered("x = '<script>'") == 'x = <i class="s">&#x27;&lt;script&gt;&#x27;</i>'


@given(st.text(st.characters(exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")))
def test_no_character_of_a_line_is_lost(text):
    html = render_line(text, highlight_lines(text).get(1, []), (1, 3))

    assert unescape(re.sub(r"</?(?:i|mark)[^>]*>", "", html)) == text
