"""A question that was asked, and what can be answered."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import NAMING, Model

__all__ = ["Base", "Choice", "Question"]

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Base(Model):
    """The models of the polls, apart from those of other apps in the same process."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Question(Base):
    """What is asked, and from when on."""

    id: Mapped[int] = mapped_column(primary_key=True)
    question_text: Mapped[Text]
    pub_date: Mapped[datetime] = mapped_column(index=True)
    choices: Mapped[list["Choice"]] = relationship(
        back_populates="question", order_by="Choice.id", cascade="all, delete", passive_deletes=True
    )

    def __str__(self) -> str:
        return self.question_text

    def was_published_recently(self) -> bool:
        """Say whether it was published within the last day, and not in the future."""
        now = datetime.now(UTC)
        return now - timedelta(days=1) <= self.pub_date <= now


class Choice(Base):
    """An answer, and how many have given it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(
        ForeignKey("question.id", ondelete="CASCADE"), index=True
    )
    choice_text: Mapped[Text]
    votes: Mapped[int] = mapped_column(default=0)
    question: Mapped[Question] = relationship(back_populates="choices")

    def __str__(self) -> str:
        return self.choice_text
