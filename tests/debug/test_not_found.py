import pytest

from gambrel.debug.not_found import Candidate, markdown_not_found, render_not_found, suggestion

CANDIDATES = [
    Candidate("GET", "/orders", "the path has 2 segments, not 1", "list_orders", "app.py:3"),
    Candidate("GET", "/orders/{id:int}", "segment 2 is 'x', not {id:int}", "show", "app.py:9"),
    Candidate("GET", "/about/", "segment 1 is 'orders', not about", "about", "app.py:12"),
]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/order", "Did you mean `/orders`?"),
        ("/order/7", "Did you mean `/orders/{id:int}`?"),
        ("/about", "There is `/about/`, which differs in the slash at the end."),
        ("/orders/", "There is `/orders`, which differs in the slash at the end."),
        ("/something/else/entirely", ""),
    ],
)
def test_the_nearest_path_is_suggested(path, hint):
    assert suggestion(path, CANDIDATES) == hint


def test_an_app_without_routes_is_told_how_to_add_one():
    assert "@app.get('/')" in suggestion("/", [])


def test_every_candidate_is_listed_with_its_reason():
    html = render_not_found("GET", "/orders/x", CANDIDATES)

    for one in CANDIDATES:
        assert one.where in html
    assert "segment 2 is &#x27;x&#x27;, not {id:int}" in html


def test_the_path_is_escaped():
    html = render_not_found("<b>", "/<img src=x>", [Candidate("<i>", "<i>", "<i>", "<i>", "<i>")])

    assert "<img" not in html
    assert "<i>" not in html
    assert "<b>Hint</b>" not in html


def test_a_long_list_is_cut_and_says_so():
    html = render_not_found("GET", "/", CANDIDATES * 100)

    assert "And 100 more" in html


def test_the_markdown_version_says_the_same():
    text = markdown_not_found("GET", "/order", CANDIDATES)

    assert text.startswith("# 404: nothing answers `GET /order`")
    assert "**Hint:** Did you mean `/orders`?" in text
    assert "- `GET /orders/{id:int}` (app.py:9): segment 2 is 'x', not {id:int}" in text
