from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from gambrel.core.app.settings import CoreSettings, Settings
from gambrel.core.http.errors import GambrelError
from gambrel.settings.secret import Secret
from gambrel.settings.values import Env

EMPTY = Secret("")


class Blog(msgspec.Struct, frozen=True):
    title: str = "Untitled"
    page_size: int = 10


@dataclass
class Shop:
    currency: str
    api_key: Secret = EMPTY
    regions: list[str] = field(default_factory=list)


def load(root: Path, environ: dict[str, str] | None = None, **arguments: object) -> Settings:
    settings = Settings(root, {"GAMBREL_SECRETS_DIR": str(root / "secrets"), **(environ or {})})
    settings.declare("blog", Blog, "blog.py:1")
    if arguments:
        settings.give(arguments, "app.py:3")
    settings.load()
    return settings


def test_without_any_source_settings_are_their_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)

    assert settings.core == CoreSettings()
    assert settings.blog == Blog()
    assert settings[Blog] is settings.blog
    assert list(settings) == [settings.core, settings.blog]


def test_each_source_is_stronger_than_the_one_before(tmp_path: Path) -> None:
    def title(environ: dict[str, str] | None = None) -> str:
        settings = load(tmp_path, environ, blog={"title": "arguments"})
        value: str = settings.blog.title
        return value

    seen = [title()]
    (tmp_path / "gambrel.toml").write_text('[blog]\ntitle = "toml"\n')
    seen.append(title())
    (tmp_path / "gambrel.development.toml").write_text('[blog]\ntitle = "overlay"\n')
    seen.append(title())
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "GAMBREL_BLOG__TITLE").write_text("secret\n")
    seen.append(title())
    (tmp_path / ".env").write_text("GAMBREL_BLOG__TITLE=dotenv\n")
    seen.append(title())
    seen.append(title({"GAMBREL_BLOG__TITLE": "environment"}))

    assert seen == ["arguments", "toml", "overlay", "secret", "dotenv", "environment"]


def test_a_missing_value_is_told_with_the_folder_that_was_searched(tmp_path: Path) -> None:
    settings = Settings(tmp_path, {})
    settings.declare("shop", Shop)

    with pytest.raises(GambrelError) as caught:
        settings.load()

    assert caught.value.where == (
        f"looked in the environment, and for .env and gambrel.toml in {tmp_path}"
    )


def test_core_settings_have_a_short_and_a_long_variable(tmp_path: Path) -> None:
    settings = load(tmp_path, {"GAMBREL_DEBUG": "true", "GAMBREL_CORE__MAX_BODY": "5"})

    assert (settings.core.debug, settings.core.max_body) == (True, 5)


def test_one_secret_key_has_a_variable_of_its_own(tmp_path: Path) -> None:
    settings = load(tmp_path, {"GAMBREL_SECRET_KEY": "k" * 32})

    assert settings.core.secret_keys == [Secret("k" * 32)]
    assert settings.secrets() == [Secret("k" * 32)]
    assert "k" * 32 not in repr(settings.describe()) + repr(settings.core)


def test_the_settings_of_pyproject_are_read_where_there_is_no_file_of_our_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.gambrel]\nmax_body = 7\n")

    assert load(tmp_path).core.max_body == 7


def test_an_overlay_is_chosen_by_the_environment_name(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text("max_body = 1\nmax_upload = 1\n")
    (tmp_path / "gambrel.staging.toml").write_text("max_body = 2\n")

    settings = load(tmp_path, {"GAMBREL_ENVIRONMENT": "staging"})

    assert (settings.core.max_body, settings.core.max_upload) == (2, 1)


def test_an_environment_name_cannot_lead_to_another_folder(tmp_path: Path) -> None:
    root = tmp_path / "app"
    root.mkdir()
    (root / "gambrel.x").mkdir()
    (tmp_path / "y.toml").write_text("max_body = 2\n")

    settings = load(root, {"GAMBREL_ENVIRONMENT": "x/../../y"})

    assert settings.core.max_body == 1 << 20


def test_every_value_is_listed_with_its_origin(tmp_path: Path) -> None:
    (tmp_path / "gambrel.toml").write_text("max_body = 1\n")

    settings = load(tmp_path, {"GAMBREL_BLOG__PAGE_SIZE": "5"}, debug=True)

    origins = {(s.section, s.name): s.origin for s in settings.describe()}
    assert origins["core", "max_body"] == "gambrel.toml:1"
    assert origins["core", "debug"] == "app.py:3"
    assert origins["core", "hosts"] == "default"
    assert origins["blog", "page_size"] == "GAMBREL_BLOG__PAGE_SIZE"


def test_an_instance_of_a_section_holds_arguments_that_the_environment_overrides(
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path, {"GAMBREL_SHOP__CURRENCY": "EUR"})
    settings.declare("shop", Shop("USD", regions=["eu"]), "app.py:9")

    settings.load()

    assert settings.shop == Shop("EUR", regions=["eu"])
    origins = {s.name: s.origin for s in settings.describe() if s.section == "shop"}
    assert origins == {
        "currency": "GAMBREL_SHOP__CURRENCY",
        "api_key": "default",
        "regions": "app.py:9",
    }


def test_one_fault_is_told_in_three_lines(tmp_path: Path) -> None:
    with pytest.raises(GambrelError) as caught:
        load(tmp_path, {"GAMBREL_MAX_BODY": "big"})

    assert str(caught.value) == (
        "[settings.invalid] core.max_body: must be a whole number\n"
        "  where: GAMBREL_MAX_BODY\n"
        "  hint: correct it"
    )


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(GambrelError, match="2 settings cannot be used") as caught:
        load(tmp_path, {"GAMBREL_MAX_BODY": "big"}, debgu=True)

    assert "did you mean debug?" in caught.value.what
    assert "[app.py:3]" in caught.value.what


def test_an_unknown_variable_does_not_keep_an_app_from_starting(tmp_path: Path) -> None:
    settings = load(tmp_path, {"GAMBREL_DEBGU": "1"})

    assert settings.unknown == ["GAMBREL_DEBGU is no setting (did you mean GAMBREL_DEBUG?)"]


def test_an_override_stands_above_everything_for_a_time(tmp_path: Path) -> None:
    settings = Settings(tmp_path, {"GAMBREL_DEBUG": "0"})
    settings.declare("blog", Blog)

    with settings.override(debug=True, blog={"page_size": 1}):
        with settings.override(blog={"page_size": 2}):
            pass
        with settings.override(blog={"title": "Tests"}):
            settings.load()

    assert (settings.core.debug, settings.blog) == (True, Blog("Tests", 1))


def test_an_override_after_loading_is_refused_as_it_would_do_nothing(tmp_path: Path) -> None:
    settings = load(tmp_path)

    with pytest.raises(GambrelError, match="after the app was built") as caught:
        settings.override(blog={"page_size": 1}).__enter__()

    assert caught.value.code == "settings.override"
    assert "make a new app for each test" in caught.value.hint
    settings.check_current()


def test_settings_of_an_override_that_is_over_are_told(tmp_path: Path) -> None:
    settings = Settings(tmp_path, {})
    with settings.override(max_body=3):
        settings.load()
        settings.check_current()

    with pytest.raises(GambrelError, match="no longer are"):
        settings.check_current()


def test_an_override_that_is_wrong_is_told_when_it_is_loaded(tmp_path: Path) -> None:
    settings = Settings(tmp_path, {})

    with settings.override(blog={"size": 1}), pytest.raises(GambrelError, match="no setting 'blog"):
        settings.load()


def test_a_name_of_its_own_is_read_from_every_kind_of_variable(tmp_path: Path) -> None:
    @dataclass
    class Weather:
        url: Annotated[str, Env("WEATHER_URL")]

    @dataclass
    class Shed:
        weather: Weather
        stand: Annotated[str, Env("STAND")] = ""
        lamp: Annotated[str, Env("LAMP")] = ""

    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "stand").write_text("by the gate\n")
    (tmp_path / ".env").write_text("LAMP=oil\nOTHER=1\n")
    environ = {"WEATHER_URL": "rain", "GAMBREL_SECRETS_DIR": str(tmp_path / "secrets")}
    settings = Settings(tmp_path, environ)
    settings.declare("shed", Shed)

    settings.load()

    assert settings.shed == Shed(Weather("rain"), "by the gate", "oil")
    assert settings.unknown == []


@pytest.mark.parametrize("name", ["core", "load", "a-b", ""])
def test_a_section_needs_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    with pytest.raises(GambrelError, match="cannot be called"):
        Settings(tmp_path, {}).declare(name, Blog)


def test_a_section_is_a_dataclass_or_a_struct(tmp_path: Path) -> None:
    with pytest.raises(GambrelError, match="the settings of 'blog' are a dict"):
        Settings(tmp_path, {}).declare("blog", {"title": "x"})


def test_settings_read_too_early_or_misspelt_are_told(tmp_path: Path) -> None:
    with pytest.raises(AttributeError, match="before the build has loaded"):
        Settings(tmp_path, {}).core  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean blog"):
        load(tmp_path).blogg  # noqa: B018
    with pytest.raises(KeyError, match="no settings section is a Shop"):
        load(tmp_path)[Shop]


def test_the_environment_of_the_process_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAMBREL_MAX_BODY", "11")
    monkeypatch.chdir(tmp_path)

    settings = Settings()
    settings.load()

    assert settings.core.max_body == 11


def test_two_apps_in_one_process_share_no_settings(tmp_path: Path) -> None:
    first, second = load(tmp_path, debug=True), load(tmp_path)

    assert (first.core.debug, second.core.debug) == (True, False)
