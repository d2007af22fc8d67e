"""Users, and the one who asks."""

from msgspec import Struct

from gambrel import Router

router = Router("/users", tags=["users"])


class User(Struct):
    username: str


@router.get("/")
async def index() -> list[User]:
    return [User("Rick"), User("Morty")]


@router.get("/me")
async def me() -> User:
    return User("fakecurrentuser")


@router.get("/{username}")
async def show(username: str) -> User:
    return User(username)
