import pytest

from gambrel.when import accept, content_type, header, not_, param


def test_predicates_are_equal_by_what_they_want_and_read_as_written():
    assert accept("text/html") == accept("text/html")
    assert len({header("a"), header("a"), header("b"), param("a")}) == 3
    assert repr(not_(header("a", "1"))) == "not_(header('a', '1'))"


@pytest.mark.parametrize(
    ("predicate", "status"), [(accept("a/b"), 406), (content_type("a/b"), 415), (header("a"), 404)]
)
def test_a_predicate_knows_the_status_of_its_refusal(predicate, status):
    assert predicate.status == status
