"""Items, for those who bring the token in a header."""

from msgspec import Struct

from bigger_app.dependencies import header_token
from gambrel import Depends, Forbidden, NotFound, Router

router = Router(
    "/items",
    tags=["items"],
    dependencies=[Depends(header_token)],
    responses={404: "There is no such item."},
)


class Item(Struct):
    name: str


class NumberedItem(Item):
    item_id: str


ITEMS = {"plumbus": Item("Plumbus"), "gun": Item("Portal Gun")}


@router.get("/")
async def index() -> dict[str, Item]:
    return ITEMS


@router.get("/{item_id}")
async def show(item_id: str) -> NumberedItem:
    if item_id not in ITEMS:
        raise NotFound("Item not found")
    return NumberedItem(ITEMS[item_id].name, item_id)


@router.put("/{item_id}", tags=["custom"], responses={403: "Not this item."})
async def update(item_id: str) -> NumberedItem:
    if item_id != "plumbus":
        raise Forbidden("You can only update the item: plumbus")
    return NumberedItem("The great Plumbus", item_id)
