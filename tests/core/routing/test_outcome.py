import pytest

from gambrel.core.http.errors import BadRequest, HTTPError
from gambrel.core.http.headers import Headers
from gambrel.core.http.response import Response
from gambrel.core.routing.outcome import Miss
from gambrel.core.routing.router import Router
from gambrel.when import accept, content_type, header, not_


class Asked:
    """As much of a request as predicates read."""

    def __init__(self, *headers):
        self.headers = Headers(headers)
        self.draft = Response(b"")


def handler():
    """Stand for any handler."""


def choice_of(**routes):
    """Compile routes of one path, by name, with their predicates."""
    router = Router()
    for name, when in routes.items():
        router.add("/", handler, name=name, when=when)
    target, _ = router.compile().match("GET", "/")
    return target


def test_the_route_with_more_predicates_wins():
    choice = choice_of(plain=(), one=header("a"), two=(header("a"), header("b")))

    assert choice.pick(Asked(("a", ""), ("b", ""))).name == "two"
    assert choice.pick(Asked(("a", ""))).name == "one"
    assert choice.pick(Asked(("b", ""))).name == "plain"


def test_among_equals_the_first_declared_wins():
    choice = choice_of(first=header("a"), second=header("b"))

    assert choice.pick(Asked(("b", ""), ("a", ""))).name == "first"


def test_the_type_the_client_prefers_wins():
    choice = choice_of(html=accept("text/html"), json=accept("application/json"))

    assert choice.pick(Asked(("accept", "text/html;q=0.5, application/json"))).name == "json"
    assert choice.pick(Asked(("accept", "text/html, application/json;q=0.5"))).name == "html"
    assert choice.pick(Asked(("accept", "*/*"))).name == "html"
    assert choice.pick(Asked()).name == "html"


def test_a_single_route_with_a_predicate_is_still_a_choice():
    choice = choice_of(only=not_(header("a")))

    assert choice.pick(Asked()).name == "only"
    assert choice.pick(Asked(("a", ""))).status == 404


def test_a_custom_predicate_answers_404():
    assert choice_of(only=lambda request: False).pick(Asked()) == Miss(404)


def test_what_the_client_does_not_accept_is_406():
    choice = choice_of(html=accept("text/html"), other=header("a"))

    assert choice.pick(Asked(("accept", "image/png"))).status == 406


def test_what_the_route_does_not_read_is_415():
    choice = choice_of(json=content_type("application/json"), text=content_type("text/*"))

    assert choice.pick(Asked(("content-type", "image/png"))).status == 415


def test_another_reason_beside_the_type_is_404():
    choice = choice_of(html=(accept("text/html"), header("a")))

    assert choice.pick(Asked(("accept", "image/png"))).status == 404


def test_a_malformed_accept_is_a_bad_request():
    choice = choice_of(html=accept("text/html"))

    miss = choice.pick(Asked(("accept", "a/b," * 100)))

    assert miss.status == 400
    with pytest.raises(BadRequest):
        miss.answer(None)


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), HTTPError(status=418)])
def test_what_a_predicate_raises_is_kept_for_the_app_to_answer(error):
    def broken(request):
        raise error

    miss = choice_of(only=(broken,)).pick(Asked())

    with pytest.raises(type(error)) as raised:
        miss.answer(None)
    assert raised.value is error
