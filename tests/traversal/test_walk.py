import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from gambrel.traversal.walk import Traversed, path_of, walk

TREE = {"a": {"b": {"c": 1}}, "@@x": {}}


def end(*segments: str, root: Any = TREE) -> Traversed:
    return asyncio.run(walk(root, segments))


@pytest.mark.parametrize(
    ("segments", "found"),
    [
        ((), Traversed(TREE)),
        (("a",), Traversed(TREE["a"])),
        (("a", "b", "c"), Traversed(1)),
        (("a", "b", "c", "d", "e"), Traversed(1, "d", ("e",))),
        (("x", "b"), Traversed(TREE, "x", ("b",))),
        (("@@x", "b"), Traversed(TREE, "x", ("b",))),
        (("a", "@@b", "c"), Traversed(TREE["a"], "b", ("c",))),
    ],
)
def test_a_walk_ends_at_the_first_name_that_is_not_there(segments, found):
    assert end(*segments) == found


def test_a_resource_may_look_for_its_children_while_others_run():
    class Slow:
        async def __getitem__(self, name: str) -> str:
            await asyncio.sleep(0)
            if name == "b":
                raise KeyError(name)
            return name

    slow = Slow()

    assert end("a", root=slow) == Traversed("a")
    assert end("b", root=slow) == Traversed(slow, "b")


def test_an_error_that_is_no_missing_name_is_an_error():
    class Broken:
        def __getitem__(self, name: str) -> str:
            raise OSError(name)

    with pytest.raises(OSError, match="a"):
        end("a", root=Broken())


def test_the_path_of_a_resource_leads_back_up_to_its_root():
    root = SimpleNamespace(__parent__=None, __name__="")
    shelf = SimpleNamespace(__parent__=root, __name__="a shelf")
    book = SimpleNamespace(__parent__=shelf, __name__="x/y")

    assert path_of(root) == "/"
    assert path_of(book) == "/a%20shelf/x%2Fy"
    assert path_of(book, "edit") == "/a%20shelf/x%2Fy/edit"
