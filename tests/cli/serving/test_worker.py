import socket

from gambrel.cli.serving import worker


def test_a_worker_whose_supervisor_has_gone_does_nothing(monkeypatch):
    ours, theirs = socket.socketpair()
    ours.close()
    monkeypatch.setattr(worker.gc, "disable", lambda: None)

    assert worker.main("0", "0", str(theirs.detach())) is None
