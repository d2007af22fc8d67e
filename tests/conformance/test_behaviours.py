"""One table of behaviours, on every server.

After each case the connection is asked once more: it is in step, or closed.
"""

from typing import Any

import pytest

from tests.conformance.cases import Case, named
from tests.conformance.hosts import HOSTS, Host
from tests.conformance.tables import answers, messages, targets
from tests.conformance.wire import message

CASES: dict[str, Case] = {
    **named("methods", targets.METHODS),
    **named("paths", targets.PATHS),
    **named("disguises", targets.DISGUISES),
    **named("slashes", targets.SLASHES),
    **named("hosts", targets.HOSTS),
    **named("queries", messages.QUERIES),
    **named("fields", messages.FIELDS),
    **named("framing", messages.FRAMING),
    **named("bodies", messages.BODIES),
    **named("statuses", answers.STATUSES),
    **named("injection", answers.INJECTION),
    **named("files", answers.FILES),
    **named("streams", answers.STREAMS),
    **named("errors", answers.ERRORS),
    **named("mounts", answers.MOUNTS),
}


def pair(host: str, name: str, case: Case) -> Any:
    return pytest.param(host, case, id=f"{host}-{name}")


PAIRS = [
    pair(host, name, case)
    for name, case in CASES.items()
    for host in HOSTS
    if host == "native" or not case.is_wire
]
# What uvicorn says by itself, before the edge is asked.
OWN_WORDS = {"uvicorn": b"Invalid HTTP request received."}


@pytest.mark.parametrize(("host", "case"), PAIRS, indirect=["host"])
def test_behaviour(host: Host, case: Case) -> None:
    before = host.seen if case.is_refused else 0
    with host.connect() as wire:
        wire.send(case.sent)
        answer = wire.answer(case.method)
        if answer.keeps and b"HTTP/1.0" not in case.sent[:70]:
            wire.send(message("/ping"))
            assert wire.answer().body == b"pong", "the connection is out of step"
        else:
            assert wire.is_closed()
    if host.name in case.differs:
        assert answer.status == case.differs[host.name]
        return
    assert answer.status in case.statuses, answer
    assert answer.is_whole, answer
    assert case.look is None or case.look(answer) is not False, answer
    if case.is_refused:
        own, bare = OWN_WORDS.get(host.name, b""), b'"status":%d}' % answer.status
        assert answer.body in {b"", own} or answer.body.endswith(bare)
        assert host.seen == before, "something of the app ran"
