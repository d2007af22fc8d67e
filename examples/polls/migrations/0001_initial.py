"""Initial."""

import sqlalchemy as sa
from alembic import op

from gambrel.db import Moment

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_text", sa.String(length=200), nullable=False),
        sa.Column("pub_date", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
    )
    op.create_table(
        "choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("choice_text", sa.String(length=200), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["question.id"],
            name="fk_choice_question_id_question",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_choice"),
    )
    op.create_index("ix_question_pub_date", "question", ["pub_date"])
    op.create_index("ix_choice_question_id", "choice", ["question_id"])


def downgrade() -> None:
    op.drop_table("choice")
    op.drop_table("question")
