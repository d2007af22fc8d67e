from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from gambrel import App, Body, Depends, Request
from gambrel.testing import Client
from gambrel.traversal import Traversal, Traversed, path_of


class Node:
    def __init__(self, name: str = "", parent: "Node | None" = None) -> None:
        self.__name__ = name
        self.__parent__ = parent


class Shelf(Node):
    """Its books are read while the path is walked."""

    async def __getitem__(self, name: str) -> "Book":
        if name not in {"emma", "war & peace"}:
            raise KeyError(name)
        return Book(name, self)


class Library(Node):
    def __getitem__(self, name: str) -> Shelf:
        return {"novels": Shelf("novels", self), "rare": Locked("rare", self)}[name]


class Locked(Shelf):
    pass


class Book(Node):
    pass


class Note(msgspec.Struct):
    text: str


def session() -> Iterator[str]:
    yield "session"


def views(root: Any, prefix: str) -> Traversal:
    tree = Traversal(root, prefix)

    @tree.view(Library)
    async def welcome() -> str:
        return "welcome"

    @tree.view(Shelf)
    def shelf(context: Shelf, page: int = 1) -> str:
        return f"{type(context).__name__} {context.__name__}, page {page}"

    @tree.view(Locked, "open")
    async def never() -> str:
        return "no"

    @tree.view(Book)
    async def book(context: Book, within: Annotated[str, Depends(session)]) -> str:
        return f"{path_of(context)} in a {within}"

    @tree.view(Book, "edit", ["POST"], status=201)
    async def edit(context: Book, note: Annotated[Note, Body()]) -> str:
        return f"{context.__name__}: {note.text}"

    @tree.view(name="where")
    async def where(walked: Traversed) -> str:
        return f"{path_of(walked.context)} {walked.name} {walked.subpath}"

    return tree


def library(prefix: str = "") -> App:
    log: list[str] = []

    async def open_library(request: Request) -> Library:
        log.append(request.raw_path)
        return Library()

    app = App(extensions=[views(open_library, prefix)])

    @app.get("/novels/about")
    async def about() -> str:
        return "a page"

    @app.get("/opened")
    async def opened() -> list[str]:
        return log

    return app


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "welcome"),
        ("/novels", "Shelf novels, page 1"),
        ("/novels/?page=3", "Shelf novels, page 3"),
        ("/rare", "Locked rare, page 1"),
        ("/rare/open", "no"),
        ("/novels/emma", "/novels/emma in a session"),
        ("/novels/war%20%26%20peace", "/novels/war%20&%20peace in a session"),
        ("/novels/emma/where/a/b", "/novels/emma where ('a', 'b')"),
        ("/novels/@@where", "/novels where ()"),
        ("/novels/about", "a page"),
    ],
)
def test_a_path_leads_down_the_tree_to_the_view_of_what_is_there(path: str, text: str):
    with Client(library()) as client:
        answer = client.get(path)

    assert (answer.status_code, answer.text) == (200, text)


@pytest.mark.parametrize("path", ["/nowhere", "/novels/emma/x", "/novels/open", "/novels/x/where"])
def test_what_is_in_no_tree_is_404(path: str):
    with Client(library()) as client:
        assert client.get(path).status_code == 404


def test_a_view_for_another_method_is_405_and_says_which():
    with Client(library()) as client:
        wrong = client.get("/novels/emma/edit")
        right = client.post("/novels/emma/edit", json={"text": "good"})
        faulty = client.post("/novels/emma/edit", json={})
        head = client.head("/novels")

    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert (right.status_code, right.text) == (201, "emma: good")
    assert faulty.status_code == 422
    assert (head.status_code, head.headers["content-length"]) == (200, "20")


def test_routes_go_first_and_other_paths_ask_no_tree():
    with Client(library("/library")) as client:
        paths = ["/library", "/library/", "/library/novels", "/novels/about", "/librarynovels"]
        statuses = [client.get(path).status_code for path in paths]
        opened = client.get("/opened").json()

    assert statuses == [200, 308, 200, 200, 404]
    assert opened == ["/library", "/library/novels"]


def test_two_trees_stand_beside_each_other():
    one, two = Traversal(lambda _: Library(), "/one"), Traversal(lambda _: Shelf(), "/two")
    app = App(extensions=[one, two])

    @one.view(Library)
    async def in_one() -> str:
        return "one"

    @one.view(Shelf)
    async def in_one_below(context: Shelf) -> str:
        return f"one {context.__name__}"

    @two.view(Shelf)
    async def in_two(context: Shelf) -> str:
        return f"two {context.__name__}"

    with Client(app) as client:
        texts = [client.get(path).text for path in ("/one", "/one/novels", "/two")]

    assert texts == ["one", "one novels", "two "]
