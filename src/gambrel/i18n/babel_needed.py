"""Whether Babel is installed: asked before anything here imports it."""

from importlib.util import find_spec

from gambrel.core.http.errors import GambrelError

__all__ = ["require_babel"]


def require_babel() -> None:
    """Raise GambrelError where Babel is not installed."""
    if find_spec("babel") is None:
        what, hint = "languages need babel, which is not installed", "pip install 'gambrel[i18n]'"
        raise GambrelError("i18n.not-installed", what, "gambrel.i18n", hint)
