"""Models of two days: what they are at first, and what becomes of them."""

import enum
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData

from gambrel.db import TEXT, Choice, Exact, JSONOf, Moment
from gambrel.db.models import NAMING


class Colour(enum.Enum):
    RED = "red"


class Mood(enum.Enum):
    SAD = 1
    GLAD = 2


def first(metadata: MetaData) -> None:
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "hero",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", TEXT, nullable=False, index=True),
        sa.Column("age", sa.Integer),
        sa.Column("worth", Exact(12, 2), server_default="0", nullable=False),
        sa.Column("colour", Choice(Colour), nullable=False),
        sa.Column("born", Moment(), nullable=False),
        sa.Column("extra", JSONOf(dict[str, int])),
        sa.Column("team_id", sa.ForeignKey("team.id", ondelete="SET NULL")),
        sa.CheckConstraint("age >= 0", name="age"),
    )


def second(metadata: MetaData) -> None:
    sa.Table("squad", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table(
        "hero",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", TEXT, nullable=False, index=True),
        sa.Column("age", sa.BigInteger, server_default="5", nullable=False),
        sa.Column("worth", Exact(12, 2), server_default="1", nullable=False),
        sa.Column("colour", Choice(Colour), nullable=False),
        sa.Column("born", Moment(), nullable=False),
        sa.Column("mood", sa.Enum(Mood, name="mood"), server_default="GLAD", nullable=False),
        sa.Column("squad_id", sa.ForeignKey("squad.id", ondelete="CASCADE")),
        sa.CheckConstraint("age >= 1", name="age"),
        sa.CheckConstraint("worth >= 0", name="worth"),
        sa.UniqueConstraint("age", "worth"),
    )
    sa.Table("seat", metadata, *(sa.Column(n, sa.Integer, primary_key=True) for n in ("a", "b")))


@pytest.fixture
def days(bench) -> Callable[[Callable[[MetaData], None]], Any]:
    """Let the project have the models of a day."""

    def on(day: Callable[[MetaData], None]) -> Any:
        bench.metadata = MetaData(naming_convention=NAMING)
        day(bench.metadata)
        return bench.project

    return on
