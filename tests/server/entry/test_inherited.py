import os
import socket

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.server.entry.inherited import inherited_descriptor


def handed(count: int, names: str = "", pid: int | None = None) -> dict[str, str]:
    """Return what a service manager says to this process."""
    found = {"LISTEN_FDS": str(count), "LISTEN_PID": str(pid or os.getpid())}
    return {**found, "LISTEN_FDNAMES": names} if names else found


@pytest.mark.parametrize(
    ("environ", "name", "descriptor"),
    [
        ({}, "", None),
        (handed(0), "", None),
        (handed(1, pid=1), "", None),
        ({"LISTEN_FDS": "1"}, "", None),
        ({**handed(1), "LISTEN_FDS": "one"}, "", None),
        (handed(1), "", 3),
        (handed(1, "http"), "", 3),
        (handed(1, "http"), "http", 3),
        (handed(3, "http:admin:metrics"), "metrics", 5),
        (handed(3, "http"), "http", 3),
    ],
)
def test_the_descriptor_that_is_meant_is_found(environ, name, descriptor):
    assert inherited_descriptor(name, environ) == descriptor


@pytest.mark.parametrize(
    ("environ", "name", "what"),
    [
        (handed(2, "http:admin"), "", "has handed over http, admin: which one?"),
        (handed(2, "http:http"), "http", "has handed over http, http: which one?"),
        (handed(2, "http:admin"), "shop", "http, admin; none is called 'shop'"),
        ({}, "http", "has handed over no socket; none is called 'http'"),
    ],
)
def test_what_cannot_be_chosen_is_told(environ, name, what):
    with pytest.raises(GambrelError) as caught:
        inherited_descriptor(name, environ)

    assert caught.value.code == "server.descriptor"
    assert what in caught.value.what


def test_nothing_is_left_for_a_process_of_ours_to_take():
    environ = {**handed(1, "http"), "PATH": "/bin"}
    with socket.socket() as opened:
        try:
            os.fstat(3)
            taken = None
        except OSError:
            taken = os.dup2(opened.fileno(), 3)
        os.set_inheritable(3, True)

        inherited_descriptor("", environ)

        assert environ == {"PATH": "/bin"}
        assert not os.get_inheritable(3)
        if taken is not None:
            os.close(3)
