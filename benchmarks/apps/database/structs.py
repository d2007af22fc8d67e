"""What Gambrel's apps answer, and the app by hand."""

from msgspec import Struct, field


class World(Struct):
    id: int
    randomnumber: int = field(name="randomNumber")


class Fortune(Struct):
    id: int
    message: str


class PostCreate(Struct):
    title: str
    body: str
    score: int


class Post(Struct):
    id: int
    title: str
    body: str
    score: int


class Posts(Struct):
    items: list[Post]
    page: int
    total: int


class Total(Struct):
    total: int
