"""How a WebSocket ends: close codes (RFC 6455 §7.4), their reasons, and the error that tells."""

import msgspec

from gambrel.core.http.request import ClientGone
from gambrel.core.http.response import Response
from gambrel.core.http.status import phrase

__all__ = ["WebSocketClosed", "check_code", "clip_reason", "outcome"]

NORMAL, GOING_AWAY, NO_CODE, ABNORMAL = 1000, 1001, 1005, 1006
UNSUPPORTED, INVALID, POLICY, TOO_BIG, FAILED = 1003, 1007, 1008, 1009, 1011
_CODES = {413: TOO_BIG, 415: UNSUPPORTED, 422: INVALID}
_REASON = 123
_SENDABLE = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})


class WebSocketClosed(ClientGone):
    """The socket is closed: no message comes or goes any more.

    `code` is that of the side that closed first: 1005 where it gave none, 1006 where the
    connection broke (RFC 6455 §7.1.5); `reason` is its text. A handler need not catch it.
    """

    def __init__(self, code: int = ABNORMAL, reason: str = "") -> None:
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


def check_code(code: int) -> int:
    """Return a code that may be sent. Raises ValueError for any other."""
    if code not in _SENDABLE and not 3000 <= code <= 4999:
        raise ValueError(f"{code} is no close code to send; your own are 3000 to 4999")
    return code


def clip_reason(reason: str) -> str:
    """Return as much of a reason as a frame can hold: 123 bytes of UTF-8."""
    return reason.encode()[:_REASON].decode(errors="ignore")


class _Problem(msgspec.Struct):
    detail: str = ""
    errors: list[dict[str, object]] = []


def outcome(response: Response) -> tuple[int, str]:
    """Return the code and the reason that tell a client of what became of its handler.

    What would have been a 415 is 1003, a 422 is 1007, a 413 is 1009, any other fault of the client
    1008, ours 1011.
    """
    status = response.status
    if status < 400:
        return NORMAL, ""
    if status >= 500:
        return FAILED, phrase(status)
    reason = phrase(status)
    try:
        problem = msgspec.json.decode(response.body, type=_Problem)  # type: ignore[arg-type]  # or it fails
        fault = problem.errors[0] if problem.errors else {}
        place = f"{fault['path']}: " if fault.get("path") else ""
        reason = f"{place}{fault['message']}" if fault else problem.detail or reason
    except (msgspec.MsgspecError, TypeError, KeyError):
        pass
    return _CODES.get(status, POLICY), reason
