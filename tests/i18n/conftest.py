from pathlib import Path

import pytest

from gambrel.i18n.catalogs import Folder
from gambrel.i18n.languages import Languages, open_languages
from gambrel.i18n.locales import parse_locale
from gambrel.i18n.zones import UTC
from tests.i18n.catalogs import write_catalogs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of catalogs."""
    return write_catalogs(tmp_path / "locales")


@pytest.fixture
def languages(folder: Path) -> Languages:
    """English, German and Arabic."""
    locales = [parse_locale(tag) for tag in ("en", "de", "ar")]
    return open_languages(locales, [Folder(folder, "app")], "en", UTC)
