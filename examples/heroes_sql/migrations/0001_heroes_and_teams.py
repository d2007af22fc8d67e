"""Heroes and teams."""

import sqlalchemy as sa
from alembic import op

from gambrel.db import TEXT

revision = "0001_heroes_and_teams"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("headquarters", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_team"),
        sa.UniqueConstraint("name", name="uq_team_name"),
    )
    op.create_table(
        "hero",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("age", sa.Integer(), nullable=True),
        sa.Column("secret_name", TEXT, nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["team_id"], ["team.id"], name="fk_hero_team_id_team", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hero"),
    )
    op.create_index("ix_hero_name", "hero", ["name"])


def downgrade() -> None:
    op.drop_table("hero")
    op.drop_table("team")
