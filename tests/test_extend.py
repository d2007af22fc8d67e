import pytest

from gambrel import extend


def test_a_name_is_loaded_when_it_is_asked_for():
    assert extend.Setup.__module__ == "gambrel.core.app.setup"
    assert set(extend.__all__) <= set(dir(extend))


def test_any_other_name_is_none():
    with pytest.raises(AttributeError, match="no attribute 'Settup'"):
        extend.Settup  # noqa: B018 - asking is the test
