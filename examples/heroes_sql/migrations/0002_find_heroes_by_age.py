"""Find heroes by age."""

from gambrel.db.migrations import create_index_concurrently, drop_index_concurrently

revision = "0002_find_heroes_by_age"
down_revision = "0001_heroes_and_teams"


def upgrade() -> None:
    create_index_concurrently("ix_hero_age", "hero", ["age"])


def downgrade() -> None:
    drop_index_concurrently("ix_hero_age", "hero")
