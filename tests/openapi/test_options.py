import pytest

from gambrel.openapi.options import Document, Selection, Tag
from tests.openapi.shop import operation


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(tags=["a", "z"]),
        Selection(versions=["2"]),
        Selection(hosts=["api.example"]),
        Selection(groups=["partners"]),
        Selection(prefix="/v2"),
        Selection(where=lambda operation: operation.method == "GET"),
        Selection(tags=["b"], versions=["2"], prefix="/v2/"),
    ],
)
def test_an_operation_is_selected_when_all_that_is_given_holds(selection):
    described = operation(
        path="/v2/x",
        tags=("a", "b"),
        version="2",
        host="api.example",
        extra={"group": "partners"},
    )

    assert selection(described)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(tags=["a"]),
        Selection(versions=["2"]),
        Selection(hosts=["other.example"]),
        Selection(groups=["partners"]),
        Selection(prefix="/v2"),
        Selection(where=lambda operation: operation.method == "POST"),
    ],
)
def test_an_operation_is_left_out_when_something_does_not_hold(selection):
    assert not selection(operation(path="/x", host="api.example"))


def test_an_operation_without_a_host_is_selected_for_every_host():
    assert Selection(hosts=["api.example"])(operation(host=None))


def test_a_named_document_takes_from_the_main_one_what_it_leaves_open():
    main = Document(title="Shop", version="3", tags=[Tag("a")], only=Selection(prefix="/x"))
    partners = Document(title="Partners", only=Selection(groups=["partners"]))

    filled = partners.over(main)

    assert (filled.title, filled.version, filled.tags) == ("Partners", "3", [Tag("a")])
    assert filled.only == Selection(groups=["partners"])
