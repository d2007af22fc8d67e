"""Heroes: create, list, read, change, delete; and what is secret stays secret.

A hero has four shapes: as it is stored, as it is sent in, as a change, and as everybody sees it.
"""

from collections.abc import AsyncIterator
from itertools import count
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from gambrel import App, NotFound

app = App()


class HeroBase(Struct, kw_only=True):
    name: str
    age: int | None = None


class HeroCreate(HeroBase, kw_only=True):
    secret_name: str


class Hero(HeroCreate, kw_only=True):
    id: int


class HeroPublic(HeroBase, kw_only=True):
    id: int


class HeroUpdate(Struct, kw_only=True):
    name: str | UnsetType = UNSET
    age: int | UnsetType | None = UNSET
    secret_name: str | UnsetType = UNSET


class Heroes:
    """All heroes, by id. A database would be here."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._heroes: dict[int, Hero] = {}

    def add(self, new: HeroCreate) -> Hero:
        hero = Hero(id=next(self._ids), **asdict(new))
        self._heroes[hero.id] = hero
        return hero

    def page(self, offset: int, limit: int) -> list[Hero]:
        return list(self._heroes.values())[offset : offset + limit]

    def get(self, id: int) -> Hero:
        if id not in self._heroes:
            raise NotFound("Hero not found")
        return self._heroes[id]

    def remove(self, id: int) -> None:
        del self._heroes[self.get(id).id]


@app.lifespan
async def open_heroes() -> AsyncIterator[Heroes]:
    yield Heroes()


@app.post("/heroes/", returns=HeroPublic)
async def create(hero: HeroCreate, heroes: Heroes) -> Hero:
    return heroes.add(hero)


@app.get("/heroes/", returns=list[HeroPublic])
async def index(
    heroes: Heroes,
    offset: Annotated[int, Meta(ge=0)] = 0,
    limit: Annotated[int, Meta(ge=0, le=100)] = 100,
) -> list[Hero]:
    return heroes.page(offset, limit)


UNKNOWN = {404: "There is no such hero."}


@app.get("/heroes/{id}", returns=HeroPublic, responses=UNKNOWN)
async def show(id: int, heroes: Heroes) -> Hero:
    return heroes.get(id)


@app.patch("/heroes/{id}", returns=HeroPublic, responses=UNKNOWN)
async def change(id: int, sent: HeroUpdate, heroes: Heroes) -> Hero:
    hero = heroes.get(id)
    for name, value in asdict(sent).items():
        if value is not UNSET:
            setattr(hero, name, value)
    return hero


@app.delete("/heroes/{id}", responses=UNKNOWN)
async def remove(id: int, heroes: Heroes) -> dict[str, bool]:
    heroes.remove(id)
    return {"ok": True}
