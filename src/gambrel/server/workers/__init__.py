"""Several processes that serve one app, and the supervisor that starts and watches them.

`supervisor.py` runs in a process of its own, which knows no app: it owns the listening socket,
starts `worker.py` in fresh interpreters, and speaks to each by `messages.py` over a socket pair.
`control.py` takes orders from outside, at a Unix socket.
"""
