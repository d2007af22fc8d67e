import pytest

from gambrel import App, Depends
from gambrel.cli.built import (
    commands_of,
    ephemeral_secret,
    extensions_of,
    handler_name,
    name_of,
    safety_problems,
    short_place,
)


def helper() -> str:
    return "x"


class Called:
    def __call__(self) -> str:
        return "x"


def test_a_call_is_named_by_its_function_or_type():
    assert name_of(helper) == "helper"
    assert name_of(Depends(helper)) == "helper"
    assert name_of(Called()) == "Called"


def test_a_handler_is_named_with_its_module():
    def inner() -> None: ...

    assert handler_name(helper) == f"{__name__}.helper"
    assert handler_name(inner) == f"{__name__}.inner"
    assert handler_name(("/to", 308)) == "/to"
    assert handler_name(None) == ""


def test_files_of_the_framework_are_named_from_its_package():
    assert short_place(f"{App.__init__.__code__.co_filename}:3") == "gambrel/defaults.py:3"
    assert short_place("app.py:7") == "app.py:7"
    assert short_place("") == ""


def test_extensions_stand_in_the_order_of_their_installation():
    assert [extension.name for extension in extensions_of(App())] == [
        extension.name for extension in App().defaults
    ]


def test_commands_are_those_that_were_declared(folder):
    app = App(defaults=())
    app.command(helper)

    assert [declared.value.name for declared in commands_of(app)] == ["helper"]


@pytest.mark.parametrize("has_secret", [True, False])
def test_a_secret_that_does_not_count_is_missing(folder, has_secret):
    app = App(secret_keys=["k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u"], hosts=["a.example"])
    app.build()

    found = [p.id for p in safety_problems(app, "0.0.0.0", has_secret=has_secret)]

    assert found == ([] if has_secret else ["core.secret"])


def test_a_secret_made_up_is_strong_and_new():
    app = App(secret_keys=[ephemeral_secret()], hosts=["example.com"])
    app.build()

    assert ephemeral_secret() != ephemeral_secret()
    assert safety_problems(app, "0.0.0.0", has_secret=True) == []
