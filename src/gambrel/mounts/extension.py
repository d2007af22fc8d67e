"""`Mounts`: the extension that serves what `App.mount` and `App.raw` have declared."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from gambrel.extend import MOUNTING, Mounted, Problem, Setup

__all__ = ["Mounts"]


class Mounts:
    """Serve other ASGI and WSGI apps, with their lifespans, within this one."""

    name = "mounts"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        """Offer to serve apps; nothing is loaded before one is mounted."""
        setup.add(MOUNTING, mounted)
        setup.check(partial(check_mounted, deploy=False), start=False)
        setup.check(partial(check_mounted, deploy=True), deploy=True)


def mounted(app: Any, where: str) -> Mounted:
    """Return what serves an app that was mounted at `where`, a place in the code."""
    from gambrel.mounts.mount import Mount  # noqa: PLC0415 - start-up: mounted apps

    return Mount(app, where)


def check_mounted(app: Any, *, deploy: bool) -> Iterator[Problem]:
    """Yield what is wrong with the apps of ours that are mounted in this one.

    Not what only an app needs that is served by itself: hosts, keys and limits of the server.
    """
    for route in app.routes:
        if route.kind == "mount" and hasattr(route.handler, "declarations"):
            for problem in route.handler.problems(deploy=deploy):
                if not problem.id.startswith(("core.", "server.")):
                    yield problem
