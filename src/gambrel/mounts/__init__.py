"""Other ASGI and WSGI apps below a path, or at one route: `app.mount("/legacy", django_app)`.

One of the default extensions. An app that begins with nothing adds it:

    app = App(defaults=(), extensions=[Mounts()])

An app is served by `mount.py`, which turns requests into scopes and runs its lifespan.
"""

from gambrel.mounts.extension import Mounts

__all__ = ["Mounts"]
