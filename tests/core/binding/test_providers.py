import asyncio
import dataclasses
from functools import partial
from typing import Any, Generic, TypeVar

import pytest

from gambrel.conversion.errors import GambrelError
from gambrel.core.binding.providers import Keep, Provider, Providers, identity

T = TypeVar("T")


@dataclasses.dataclass
class Role:
    """Callable, and unhashable: it has `__eq__`."""

    name: str

    def __call__(self) -> str:
        return self.name


class Mailer: ...


def make() -> Mailer:
    return Mailer()


def test_a_type_has_one_provider():
    providers = Providers()
    providers.add(Provider(Mailer, make, where="app.py:1"))

    with pytest.raises(GambrelError) as caught:
        providers.add(Provider(Mailer, Mailer, where="app.py:2"))

    assert caught.value.code == "binding.provider-twice"
    assert caught.value.where == "first app.py:1, again app.py:2"


def test_a_type_is_made_by_its_provider_and_a_dependency_by_itself():
    providers = Providers()
    providers.add(Provider(Mailer, make, "app"))

    assert (providers.has(Mailer), providers.has(make), providers.has([])) == (True, False, False)
    assert (providers.factory(Mailer), providers.factory(make)) == (make, make)
    assert providers.find(Mailer).scope == "app"


class Box(Generic[T]):
    """What knows the kind it was asked for as."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind


def test_a_generic_type_is_made_as_a_whole_or_for_each_of_its_kinds():
    class Boxes:
        def of_kind(self, kind: Any) -> Any:
            return partial(Box, kind=kind)

    providers = Providers()
    providers.add(Provider(Mailer, make))
    assert providers.plain(Mailer) is Mailer

    providers.add(Provider(Box, Boxes()))
    assert providers.plain(Box[int]) == Box[int]
    assert providers.factory(Box[int])().kind == Box[int]


def test_an_override_goes_before_provider_and_dependency():
    providers, role, other = Providers(), Role("admin"), Role("admin")
    providers.add(Provider(Mailer, make))

    providers.overrides = {Mailer: Mailer, identity(role): other}

    assert providers.factory(Mailer) is Mailer
    assert providers.factory(role) is other
    assert providers.factory(other) is other


def test_what_cannot_be_a_key_is_told_apart_by_identity():
    one, other = Role("a"), Role("a")

    assert identity(one) == identity(one) != identity(other)
    assert identity(make) is make


def test_closing_a_keep_forgets_its_values_and_closes_last_first():
    log: list[str] = []

    async def main() -> Keep:
        keep = Keep()
        keep.values["a"] = 1
        keep.exits.callback(log.append, "first")
        keep.exits.callback(log.append, "second")
        await keep.close()
        return keep

    keep = asyncio.run(main())

    assert (keep.values, log) == ({}, ["second", "first"])


def test_a_limit_is_shared_by_all_who_ask_for_it():
    keep = Keep()

    assert keep.limit(make, 2) is keep.limit(make, 2)
    assert keep.limit(make, 2) is not keep.limit(Mailer, 2)
