from pathlib import Path

from gambrel.core.app.settings import CoreSettings
from gambrel.settings.values import fields_of


def test_the_defaults_are_the_safe_values() -> None:
    core = CoreSettings()

    assert core.debug is False
    assert (core.hosts, core.secret_keys, core.trusted_proxies) == ([], [], [])
    assert (core.max_body, core.max_upload, core.handler_timeout) == (1 << 20, 20 << 20, 30.0)
    assert core.shutdown_grace == 25
    assert core.instance == Path("instance")


def test_every_setting_is_described() -> None:
    assert [field.name for field in fields_of(CoreSettings) if not field.description] == []
