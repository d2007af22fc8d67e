from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from msgspec import Meta

from gambrel.settings.merge import Merge, suggest
from gambrel.settings.secret import Secret
from gambrel.settings.sources import Source, Table, from_environment
from gambrel.settings.values import Env

EMPTY = Secret("")


@dataclass
class Pool:
    size: int = 5
    timeout: float = 2.0


@dataclass
class Database:
    url: Annotated[str, Env("GAMBREL_DATABASE_URL"), Meta(description="where it is")]
    pool: Pool = field(default_factory=Pool)
    options: dict[str, int] = field(default_factory=dict)
    password: Secret = EMPTY


@dataclass
class Even:
    number: int = 2

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError("number must be even")


@dataclass
class Large:
    pool: Pool = field(default_factory=lambda: Pool(size=50))


URL = {"GAMBREL_DB__URL": "sqlite:///x"}


def merged(*sources: Source, kind: type = Database) -> tuple[Any, Merge]:
    merge = Merge(sources)
    section = merge.section(kind, ("db",))
    merge.refuse_unknown()
    return section, merge


def test_the_strongest_source_wins_field_by_field_also_in_nested_sections() -> None:
    section, merge = merged(
        from_environment({**URL, "GAMBREL_DB__POOL__SIZE": "7"}),
        Table({"db": {"url": "weak", "pool": {"size": 6, "timeout": 1}}}, "app.py:1"),
    )

    assert section == Database("sqlite:///x", Pool(7, 1.0))
    assert [(s.name, s.origin) for s in merge.settings] == [
        ("url", "GAMBREL_DB__URL"),
        ("pool.size", "GAMBREL_DB__POOL__SIZE"),
        ("pool.timeout", "app.py:1"),
        ("options", "default"),
        ("password", "default"),
    ]


def test_a_setting_is_listed_with_what_a_reader_needs_and_no_password() -> None:
    _, merge = merged(from_environment({"GAMBREL_DATABASE_URL": "pg://me:hidden@db"}))

    listed = merge.settings[0]
    assert (listed.section, listed.name, listed.annotation) == ("db", "url", str)
    assert listed.value == "pg://me:***@db"
    assert listed.variable == "GAMBREL_DB__URL, GAMBREL_DATABASE_URL"
    assert listed.description == "where it is"


def test_a_missing_value_is_told_with_the_variable_to_set() -> None:
    section, merge = merged()

    assert section is None
    assert merge.faults[0].what == "db.url has no value and no default"
    assert merge.faults[0].where == ""
    assert "set GAMBREL_DB__URL, or url = ... under [db]" in merge.faults[0].hint


def test_a_value_that_does_not_convert_is_told_with_its_origin() -> None:
    section, merge = merged(from_environment({**URL, "GAMBREL_DB__POOL__SIZE": "many"}))

    [fault] = merge.faults
    assert section is None
    assert fault.what == "db.pool.size: must be a whole number"
    assert (fault.where, fault.hint) == ("GAMBREL_DB__POOL__SIZE", "correct it")


def test_a_value_that_does_not_convert_is_not_quoted() -> None:
    values = {"url": "x", "password": ["hunter2"]}

    _, merge = merged(Table({"db": values}, "app.py:1"))

    assert "hunter2" not in str(merge.faults)
    assert "db.password: " in merge.faults[0].what


def test_all_faults_are_collected() -> None:
    _, merge = merged(
        from_environment({"GAMBREL_DB__POOL__SIZE": "x", "GAMBREL_DB__POOL__TIMEOUT": "y"})
    )

    assert len(merge.faults) == 3


def test_what_a_section_refuses_itself_is_a_fault() -> None:
    section, merge = merged(Table({"db": {"number": 3}}, "app.py:1"), kind=Even)

    assert section is None
    assert merge.faults[0].what == "db: number must be even"


@dataclass
class Talkative:
    key: Secret = EMPTY
    url: str = ""

    def __post_init__(self) -> None:
        raise ValueError(f"{self.key.reveal()} does not open {self.url}")


def test_what_a_section_says_of_its_secrets_is_masked() -> None:
    values = {"key": "hunter2", "url": "pg://me:hunter3@db"}

    _, merge = merged(Table({"db": values}, "app.py:1"), kind=Talkative)

    assert merge.faults[0].what == "db: *** does not open pg://me:***@db"


@pytest.mark.parametrize(
    ("values", "what", "hint"),
    [
        ({"db": {"ulr": "x"}}, "there is no setting 'db.ulr'", "did you mean db.url?"),
        ({"pasword": "x"}, "there is no setting 'pasword'", "did you mean db.password?"),
        ({"bd": {"url": "x"}}, "there is no setting 'bd'", "gambrel config"),
        ({"db": {"pool": {"sise": 1}}}, "there is no setting 'db.pool.sise'", "db.pool.size"),
    ],
)
def test_an_unknown_name_in_a_table_is_a_fault_with_a_suggestion(
    values: dict[str, Any], what: str, hint: str
) -> None:
    _, merge = merged(from_environment(URL), Table(values, "app.py:1"))

    [fault] = merge.faults
    assert (fault.what, fault.where) == (what, "app.py:1")
    assert hint in fault.hint


def test_the_keys_of_a_mapping_setting_are_free() -> None:
    section, merge = merged(Table({"db": {"url": "x", "options": {"a": 1}}}, "app.py:1"))

    assert merge.faults == []
    assert section.options == {"a": 1}


def test_an_unknown_variable_is_told_with_a_suggestion() -> None:
    _, merge = merged(
        from_environment(
            {
                **URL,
                "GAMBREL_DB__ULR": "x",
                "GAMBREL_ZZZ": "1",
                "GAMBREL_REQUIRE": "",
                "GAMBREL_CONTROL": "c",
            }
        )
    )

    assert merge.unknown_variables() == [
        "GAMBREL_DB__ULR is no setting (did you mean GAMBREL_DB__URL?)",
        "GAMBREL_ZZZ is no setting",
    ]


def test_nothing_is_suggested_for_a_name_nobody_resembles() -> None:
    assert suggest("zzz", ["debug", "hosts"]) == ""


def test_a_nested_section_has_the_defaults_of_the_one_around_it() -> None:
    section, _ = merged(from_environment({"GAMBREL_DB__POOL__TIMEOUT": "9"}), kind=Large)

    assert section == Large(Pool(50, 9.0))
