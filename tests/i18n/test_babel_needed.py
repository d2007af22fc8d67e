import importlib.util

import pytest

from gambrel import GambrelError
from gambrel.i18n import babel_needed


def test_without_babel_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(babel_needed, "find_spec", lambda name: None)

    with pytest.raises(GambrelError, match=r"pip install 'gambrel\[i18n\]'") as told:
        babel_needed.require_babel()
    assert told.value.code == "i18n.not-installed"


def test_with_babel_nothing_is_said():
    assert importlib.util.find_spec("babel")

    babel_needed.require_babel()
