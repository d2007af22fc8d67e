from datetime import UTC, datetime

import pytest

from gambrel.core.http.errors import PreconditionFailed, RangeNotSatisfiable
from gambrel.core.http.headers import Headers
from gambrel.core.http.response import Response
from gambrel.files.parts import Piece, complete
from gambrel.headers.conditional import ETag

WHEN = datetime(2023, 11, 14, tzinfo=UTC)


def part(
    headers: dict[str, str], method: str = "GET", *, sends: bool = True
) -> tuple[Response, list[Piece]]:
    answer = Response(b"", 200, {"content-type": "text/css"})
    found = complete(
        answer,
        method,
        Headers(headers.items()),
        etag=ETag("v1"),
        modified=WHEN,
        size=10,
        sends=sends,
    )
    return answer, found


def test_all_of_it_without_a_wish():
    answer, found = part({})

    assert (answer.status, found) == (200, [(0, 10)])
    assert answer.headers["content-length"] == "10"


def test_a_part_of_it():
    answer, found = part({"range": "bytes=2-3"})

    assert (answer.status, found) == (206, [(2, 4)])
    assert answer.headers["content-range"] == "bytes 2-3/10"


def test_several_parts_are_framed():
    answer, found = part({"range": "bytes=0-0,5-6"})

    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert [piece for piece in found if isinstance(piece, tuple)] == [(0, 1), (5, 7)]


def test_nothing_of_what_the_client_has():
    answer, found = part({"if-none-match": '"v1"'})

    assert (answer.status, found) == (304, [])
    assert "content-type" not in answer.headers


def test_a_head_has_no_pieces():
    answer, found = part({}, "HEAD")

    assert (found, answer.headers["content-length"]) == ([], "10")


def test_who_does_not_send_it_leaves_ranges_and_length_alone():
    answer, found = part({"range": "bytes=2-3"}, sends=False)

    assert (answer.status, found) == (200, [])
    assert not {"content-length", "accept-ranges"} & set(answer.headers)


def test_what_cannot_be_is_refused():
    with pytest.raises(PreconditionFailed):
        part({"if-match": '"v2"'})
    with pytest.raises(RangeNotSatisfiable):
        part({"range": "bytes=10-"})
