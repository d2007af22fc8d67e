"""`Mounts`: the extension that serves what `App.mount` and `App.raw` have declared."""

from typing import Any

from gambrel.extend import MOUNTING, Mounted, Setup

__all__ = ["Mounts"]


class Mounts:
    """Serve other ASGI and WSGI apps, with their lifespans, within this one."""

    name = "mounts"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        """Offer to serve apps; nothing is loaded before one is mounted."""
        setup.add(MOUNTING, mounted)


def mounted(app: Any, where: str) -> Mounted:
    """Return what serves an app that was mounted at `where`, a place in the code."""
    from gambrel.mounts.mount import Mount  # noqa: PLC0415 - start-up: mounted apps

    return Mount(app, where)
