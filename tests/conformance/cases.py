"""What a behaviour of HTTP is, as data: bytes that are sent, and what comes back.

`edge` cases hold on every server. `wire` cases are about what other servers decide before the app
hears of it: they hold on the native server. Where a server answers an edge case in a way of its
own, `differs` says how, and `docs/reference/servers.md` tells users.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.conformance.wire import Answer

Look = Callable[[Answer], object]


@dataclass(frozen=True)
class Case:
    """Send `sent`, get `status` (or one of some), and let `look` find nothing false in the answer.

    `is_refused`: the message was no request for the app, so its answer is bare and nothing ran.
    """

    name: str
    sent: bytes
    status: int | tuple[int, ...]
    look: Look | None = None
    method: str = "GET"
    is_refused: bool = False
    is_wire: bool = False
    differs: Mapping[str, int] = field(default_factory=dict)

    @property
    def statuses(self) -> tuple[int, ...]:
        return self.status if isinstance(self.status, tuple) else (self.status,)


def body(expected: bytes | str) -> Look:
    wanted = expected.encode() if isinstance(expected, str) else expected
    return lambda answer: answer.body == wanted


def json_of(expected: object, *path: str) -> Look:
    """Look for a value in the JSON of the body."""

    def look(answer: Answer) -> bool:
        found = answer.json
        for name in path:
            found = found[name]
        return bool(found == expected)

    return look


def header(name: str, expected: str | None) -> Look:
    return lambda answer: answer.get(name) == expected


def both(*looks: Look) -> Look:
    return lambda answer: all(look(answer) is not False for look in looks)


def refused(
    name: str,
    sent: bytes,
    status: int | tuple[int, ...] = 400,
    *,
    is_wire: bool = False,
    method: str = "GET",
    **differs: int,
) -> Case:
    """Return the case of a message that is refused before any middleware."""
    return Case(
        name, sent, status, is_refused=True, is_wire=is_wire, method=method, differs=differs
    )


def named(group: str, cases: Iterable[Case]) -> dict[str, Case]:
    """Return cases by their full names."""
    return {f"{group}: {case.name}": case for case in cases}
