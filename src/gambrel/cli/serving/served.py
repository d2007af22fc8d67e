"""What another server imports: `create` makes the app of the target that `gambrel run` was given.

The command line has checked it before; in the server's own processes it is loaded again.
"""

import os

from gambrel import App
from gambrel.cli.serving.safety import build_safely, hide_secrets
from gambrel.cli.target import load_app

__all__ = ["SECRET", "TARGET", "create"]

# No `GAMBREL_`: what begins so is a setting.
TARGET = "_SERVED_TARGET"
SECRET = "_SERVED_SECRET"  # noqa: S105 - a name


def create() -> App:
    """Return the built app; the secret that was made up is the same in every worker."""
    app = load_app(os.environ[TARGET])
    build_safely(app, None, os.environ[SECRET])
    hide_secrets(app)
    return app
