import asyncio
import inspect
from typing import Annotated

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.handlers import split_class


class Store:
    """Stand for something injected."""


class Items:
    made = 0

    def __init__(self, store: Store, page: int = 1) -> None:
        type(self).made += 1
        self.store = store
        self.page = page

    def get(self, number: int, page: int = 1) -> str:
        """Show an item."""
        return f"{number} {page} {self.page} {type(self.store).__name__}"

    async def post(self, number: Annotated[int, "body"]) -> int:
        return number

    def put(self):
        yield self.page

    async def patch(self):
        try:
            yield 1
            yield 2
        finally:
            self.store.closed = True

    def helper(self): ...


def test_the_methods_named_as_verbs_are_handlers():
    assert set(split_class(Items, "")) == {"GET", "POST", "PUT", "PATCH"}


def test_an_instance_is_made_for_every_call():
    get = split_class(Items, "")["GET"]
    before = Items.made

    assert get(store=Store(), number=7, page=2) == "7 2 2 Store"
    assert get(store=Store(), number=8) == "8 1 1 Store"
    assert Items.made == before + 2


def test_constructor_and_method_share_one_signature():
    signature = inspect.signature(split_class(Items, "")["GET"])

    assert list(signature.parameters) == ["store", "page", "number"]
    assert signature.parameters["store"].annotation is Store
    assert signature.parameters["page"].default == 1
    assert signature.return_annotation is str


def test_a_handler_is_of_its_methods_kind():
    handlers = split_class(Items, "")

    assert not inspect.iscoroutinefunction(handlers["GET"])
    assert inspect.iscoroutinefunction(handlers["POST"])
    assert inspect.isgeneratorfunction(handlers["PUT"])
    assert inspect.isasyncgenfunction(handlers["PATCH"])


def test_coroutines_and_generators_run_through():
    handlers = split_class(Items, "")
    store = Store()

    async def first():
        generator = handlers["PATCH"](store=store)
        found = await anext(generator)
        await generator.aclose()
        assert [item async for item in handlers["PATCH"](store=store)] == [1, 2]
        return found

    assert asyncio.run(handlers["POST"](store=store, number=3)) == 3
    assert list(handlers["PUT"](store=store, page=4)) == [4]
    assert asyncio.run(first()) == 1
    assert store.closed


def test_the_docstring_and_name_are_the_methods():
    get = split_class(Items, "")["GET"]

    assert (get.__name__, get.__doc__) == ("get", "Show an item.")


def test_a_class_without_handlers_is_refused():
    with pytest.raises(GambrelError, match="Store has no method that handles") as caught:
        split_class(Store, "app.py:1")

    assert caught.value.where == "app.py:1"


def test_an_annotation_that_cannot_be_read_stays_as_written():
    class Late:
        def get(self, x: "Unknown"): ...  # noqa: F821 - that is the point

    signature = inspect.signature(split_class(Late, "")["GET"])

    assert signature.parameters["x"].annotation == "Unknown"
