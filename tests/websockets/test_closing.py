import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import JSON, Response
from gambrel.core.http.status import phrase
from gambrel.websockets import WebSocketClosed
from gambrel.websockets.closing import check_code, clip_reason, outcome

_BYTES = "This socket takes messages of bytes."


@pytest.mark.parametrize("code", [999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_a_code_that_no_frame_may_hold_is_refused(code):
    with pytest.raises(ValueError, match=f"{code} is no close code"):
        check_code(code)


@pytest.mark.parametrize("code", [1000, 1012, 3000, 4999])
def test_registered_codes_and_those_of_applications_may_be_sent(code):
    assert check_code(code) == code


@given(st.text())
def test_a_reason_fits_into_a_frame_and_stays_text(reason):
    clipped = clip_reason(reason.encode("utf-8", "replace").decode())

    assert len(clipped.encode()) <= 123
    assert reason.encode("utf-8", "replace").decode().startswith(clipped)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(b"", 204), (1000, "")),
        (Response(b"", 403), (1008, "Forbidden")),
        (JSON({"detail": "not yours"}, 403), (1008, "not yours")),
        (JSON({"errors": [{"path": "n", "message": "too small"}]}, 422), (1007, "n: too small")),
        (JSON({"errors": [{"path": "", "message": "no object"}]}, 422), (1007, "no object")),
        (JSON({"detail": _BYTES}, 415), (1003, _BYTES)),
        (Response(b"", 413), (1009, phrase(413))),
        (JSON({"detail": "secret"}, 500), (1011, "Internal Server Error")),
        (Response(iter([b"x"]), 404), (1008, "Not Found")),
    ],
)
def test_what_became_of_a_handler_is_a_code_and_a_reason(response, expected):
    assert outcome(response) == expected


def test_the_error_tells_code_and_reason():
    assert str(WebSocketClosed(4000, "bye")) == "the WebSocket is closed: 4000 bye"
