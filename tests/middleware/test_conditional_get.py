import pytest

from gambrel.core.http.errors import PreconditionFailed
from gambrel.core.http.response import HTML, JSON, Response, Stream
from gambrel.middleware.conditional_get import Revalidator
from gambrel.testing import make_request
from tests.middleware.chain import ask


def tag_of(body: str, **options: bool) -> str:
    return ask(Revalidator(**options), make_request(), Response(body)).headers["etag"]


def test_answers_get_a_tag_that_depends_on_their_content():
    assert tag_of("a") == tag_of("a") != tag_of("b")
    assert tag_of("a").startswith('"')
    assert tag_of("a", weak=True) == f"W/{tag_of('a')}"


@pytest.mark.parametrize("prefix", ["", "W/"])
def test_who_has_the_answer_gets_304_without_content_and_with_the_other_headers(prefix):
    request = make_request(headers={"if-none-match": f'"other", {prefix}{tag_of("a")}'})
    answer = HTML("a", headers={"cache-control": "max-age=5", "vary": "cookie", "x-more": "1"})

    response = ask(Revalidator(), request, answer)

    assert (response.status, response.body) == (304, b"")
    assert dict(response.headers) == {
        "cache-control": "max-age=5",
        "vary": "cookie",
        "x-more": "1",
        "etag": tag_of("a"),
    }


def test_another_tag_gets_the_answer():
    request = make_request(headers={"if-none-match": '"other"'})

    assert ask(Revalidator(), request, Response("a")).status == 200


def test_the_handlers_own_tag_and_date_are_weighed():
    tagged = make_request(headers={"if-none-match": '"v7"'})
    dated = make_request(headers={"if-modified-since": "Sun, 06 Nov 1994 08:49:37 GMT"})

    by_tag = ask(Revalidator(), tagged, Response("a", headers={"etag": '"v7"'}))
    since = {"last-modified": "Sun, 06 Nov 1994 08:49:37 GMT", "cache-control": "no-store"}
    by_date = ask(Revalidator(), dated, Response("a", headers=since))

    assert (by_tag.status, by_date.status) == (304, 304)


def test_if_match_on_another_version_is_412():
    request = make_request(headers={"if-match": '"old"'})

    with pytest.raises(PreconditionFailed):
        ask(Revalidator(), request, Response("a"))


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("POST", Response("a")),
        ("GET", Response("a", 404)),
        ("GET", Response("a", headers={"cache-control": "private, no-store"})),
        ("GET", Stream(iter(["a"]))),
    ],
)
def test_unsafe_failed_private_and_streamed_answers_get_no_tag(method, answer):
    assert "etag" not in ask(Revalidator(), make_request(method), answer).headers


def test_a_malformed_tag_of_the_handlers_is_left_alone():
    response = ask(Revalidator(), make_request(), JSON(1, headers={"etag": "odd"}))

    assert (response.status, response.headers["etag"]) == (200, "odd")
