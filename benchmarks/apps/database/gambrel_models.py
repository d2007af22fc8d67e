"""The tables, as Gambrel's models."""

from sqlalchemy.orm import Mapped, mapped_column

from gambrel.db import Model


class World(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    randomnumber: Mapped[int]


class Fortune(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str]


class Post(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    score: Mapped[int]
