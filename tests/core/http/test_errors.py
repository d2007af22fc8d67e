import copy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import (
    BadRequest,
    Conflict,
    Fault,
    GambrelError,
    HTTPError,
    MethodNotAllowed,
    NotFound,
    RangeNotSatisfiable,
    ServiceUnavailable,
    TooManyRequests,
    Unprocessable,
    abort,
    problem,
)


def test_a_developer_error_says_what_where_and_what_to_type() -> None:
    error = GambrelError("routing.conflict", "'/a' twice", "app.py:3", "rename one")

    assert str(error) == "[routing.conflict] '/a' twice\n  where: app.py:3\n  hint: rename one"


def test_an_unknown_place_or_hint_is_left_out_of_a_developer_error() -> None:
    assert str(GambrelError("a.b", "what")) == "[a.b] what"
    assert str(GambrelError("a.b", "what", hint="type this")) == "[a.b] what\n  hint: type this"


@pytest.mark.parametrize("error", HTTPError.by_status.values(), ids=lambda kind: kind.__name__)
def test_every_child_answers_with_its_own_status(error: type[HTTPError]) -> None:
    raised = error("why")

    assert HTTPError.by_status[raised.status] is error
    assert problem(raised)["status"] == error.status
    assert raised.title
    assert raised.code == raised.code.lower()


@pytest.mark.parametrize("status", [200, 304, 399, 600, 0])
def test_only_error_statuses_are_errors(status: int) -> None:
    with pytest.raises(GambrelError, match=r"http\.error-status"):
        HTTPError(status=status)


def test_an_unnamed_status_gets_its_phrase() -> None:
    error = HTTPError("no tea", status=451)

    assert (error.title, error.code) == (
        "Unavailable For Legal Reasons",
        "unavailable-for-legal-reasons",
    )
    assert str(error) == "451 Unavailable For Legal Reasons: no tea"


def test_abort_raises_the_class_of_the_status() -> None:
    with pytest.raises(Conflict) as caught:
        abort(409, "taken", sku="a-1")

    assert caught.value.detail == "taken"
    assert caught.value.members == {"sku": "a-1"}


def test_abort_raises_an_unnamed_status_too() -> None:
    with pytest.raises(HTTPError) as caught:
        abort(418)

    assert caught.value.status == 418


def test_special_arguments_become_headers() -> None:
    assert MethodNotAllowed(allow=["GET", "HEAD"]).headers == {"allow": "GET, HEAD"}
    assert ServiceUnavailable(retry_after=5).headers == {"retry-after": "5"}
    assert TooManyRequests(retry_after=-1).headers == {"retry-after": "0"}
    assert RangeNotSatisfiable(size=9).headers == {"content-range": "bytes */9"}
    assert RangeNotSatisfiable().headers == {}


def test_a_given_header_holds_against_the_computed_one() -> None:
    error = ServiceUnavailable(retry_after=5, headers={"retry-after": "60"})

    assert error.headers == {"retry-after": "60"}


def test_the_problem_document_has_the_standard_members() -> None:
    error = NotFound("no hero 7", type="https://example.com/no-hero", title="No hero", hero=7)

    assert problem(error, "/heroes/7") == {
        "type": "https://example.com/no-hero",
        "title": "No hero",
        "status": 404,
        "detail": "no hero 7",
        "instance": "/heroes/7",
        "hero": 7,
    }


def test_extension_members_never_replace_standard_ones() -> None:
    error = BadRequest("x")
    error.members["status"] = 200

    assert problem(error)["status"] == 400


def test_faults_are_written_with_in_and_without_an_empty_pointer() -> None:
    faults = [Fault("body", "items[0].qty", "too few", "min"), Fault("body", "", "no", "custom")]
    error = Unprocessable("invalid", faults=faults)

    encoded = msgspec.json.decode(msgspec.json.encode(problem(error)))

    assert encoded["errors"] == [
        {
            "in": "body",
            "path": "items[0].qty",
            "message": "too few",
            "code": "min",
            "pointer": "/items/0/qty",
        },
        {"in": "body", "path": "", "message": "no", "code": "custom"},
    ]


def test_a_copied_error_is_the_same_error() -> None:
    twin = copy.copy(TooManyRequests("slow down", retry_after=3))

    assert (twin.status, twin.detail, twin.headers) == (429, "slow down", {"retry-after": "3"})


@given(st.text(), st.integers(400, 599))
def test_any_detail_makes_a_document(detail: str, status: int) -> None:
    document = problem(HTTPError(detail, status=status))

    assert (document["detail"], document["status"]) == (detail, status)
    assert document["title"]
