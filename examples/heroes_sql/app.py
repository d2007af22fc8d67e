"""Heroes and their teams in a database: SQLite as it is, PostgreSQL by one setting.

A hero has four shapes: the row, what is sent in, a change, and what everybody sees.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel import App, Query, Router
from gambrel.db import NAMING, AsyncSession, Database, Listing, Model, Page, Slice

router = Router()

# Tables ---------------------------------------------------------------------------------------


class Base(Model):
    """Tables of their own, whatever else is in the process."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Team(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    headquarters: Mapped[str]
    heroes: Mapped[list["Hero"]] = relationship(back_populates="team", passive_deletes=True)


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    age: Mapped[int | None] = mapped_column(index=True)
    secret_name: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"))
    team: Mapped[Team | None] = relationship(back_populates="heroes")


# What comes in and goes out -------------------------------------------------------------------


Age = Annotated[int, Meta(ge=0, le=1000)]
Key = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class HeroBase(Struct, kw_only=True):
    name: str
    age: Age | None = None
    team_id: Key | None = None


class HeroCreate(HeroBase, kw_only=True):
    secret_name: str


class HeroPublic(HeroBase, kw_only=True):
    id: int


class HeroUpdate(Struct, kw_only=True):
    name: str | UnsetType = UNSET
    age: Age | UnsetType | None = UNSET
    secret_name: str | UnsetType = UNSET
    team_id: Key | UnsetType | None = UNSET


class TeamCreate(Struct, kw_only=True):
    name: str
    headquarters: str


class TeamPublic(TeamCreate, kw_only=True):
    id: int


class HeroWithTeam(HeroPublic, kw_only=True):
    team: TeamPublic | None


class TeamWithHeroes(TeamPublic, kw_only=True):
    heroes: list[HeroPublic]


HEROES = Listing(
    Hero,
    filters={"team": Hero.team_id, "min_age": lambda age: Hero.age >= age},
    order={"name": Hero.name, "age": Hero.age},
    search=[Hero.name],
)


class HeroQuery(Struct):
    team: Key | None = None
    min_age: Age | None = None
    q: str = ""
    order: Literal["name", "-name", "age", "-age"] = "name"
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1
    size: Annotated[int, Meta(ge=1, le=100)] = 50


# Handlers -------------------------------------------------------------------------------------

UNKNOWN = {404: "There is no such row."}
CONFLICT = {409: "It is there already, or there is no such team."}


@router.post("/heroes/", returns=HeroPublic, status=201, responses=CONFLICT)
async def create(sent: HeroCreate, db: AsyncSession) -> Hero:
    return await db.create(Hero, sent)


@router.get("/heroes/", returns=Page[HeroPublic])
async def index(asked: Annotated[HeroQuery, Query()], db: AsyncSession) -> Page[Hero]:
    return await db.page(HEROES.select(asked), asked.page, asked.size)


@router.get("/heroes/all", returns=Slice[HeroPublic])
async def all_heroes(db: AsyncSession, after: str | None = None) -> Slice[Hero]:
    return await db.slice(select(Hero).order_by(Hero.name), size=100, after=after)


@router.get("/heroes/{id:int}", returns=HeroWithTeam, responses=UNKNOWN)
async def show(id: int, db: AsyncSession) -> Hero:
    return await db.get_or_404(Hero, id, options=[selectinload(Hero.team)])


@router.patch("/heroes/{id:int}", returns=HeroPublic, responses=UNKNOWN | CONFLICT)
async def change(id: int, sent: HeroUpdate, db: AsyncSession) -> Hero:
    return await db.change(await db.get_or_404(Hero, id), sent)


@router.delete("/heroes/{id:int}", responses=UNKNOWN)
async def remove(id: int, db: AsyncSession) -> None:
    await db.delete(await db.get_or_404(Hero, id))


@router.post("/teams/", returns=TeamPublic, status=201, responses=CONFLICT)
async def create_team(sent: TeamCreate, db: AsyncSession) -> Team:
    return await db.create(Team, sent)


@router.get("/teams/{id:int}", returns=TeamWithHeroes, responses=UNKNOWN)
async def show_team(id: int, db: AsyncSession) -> Team:
    return await db.get_or_404(Team, id, options=[selectinload(Team.heroes)])


@router.delete("/teams/{id:int}", responses=UNKNOWN)
async def remove_team(id: int, db: AsyncSession) -> None:
    await db.delete(await db.get_or_404(Team, id))


def create_app() -> App:
    app = App(extensions=[Database("sqlite:///heroes.db", metadata=Base.metadata, migrate=True)])
    app.include(router)
    return app


app = create_app()
