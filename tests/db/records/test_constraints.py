"""A row that belongs to one of several models, with a real key to each."""

import pytest
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel.db import NAMING, AsyncSession, Model, exactly_one
from gambrel.db.writing.clashes import fault_of
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Post(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Photo(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class Comment(Base):
    __table_args__ = (exactly_one("post_id", "photo_id", message="must be of one thing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    post: Mapped[Post | None] = relationship()
    photo: Mapped[Photo | None] = relationship()

    @property
    def subject(self) -> Post | Photo:
        found = self.post or self.photo
        assert found is not None
        return found


async def put(db: AsyncSession) -> None:
    db.add(Comment(post=Post(title="A post")))
    db.add(Comment(photo=Photo(title="A photo")))


async def look(db: AsyncSession) -> list[str]:
    both = [selectinload(Comment.post), selectinload(Comment.photo)]
    found = [await db.get_or_404(Comment, key, options=both) for key in (1, 2)]
    return sorted(comment.subject.title for comment in found)


def test_a_row_belongs_to_one_of_several_models(url):
    assert run(Base, url, put, look) == ["A photo", "A post"]


@pytest.mark.parametrize("keys", [{}, {"post_id": 1, "photo_id": 1}])
def test_none_and_two_are_refused_by_the_database(url, keys):
    async def spoil(db: AsyncSession) -> str:
        try:
            async with db.begin_nested():
                db.add(Comment(**keys))
        except DBAPIError as error:
            fault = fault_of(error, Comment, {"post_id", "photo_id"})
            return "" if fault is None else fault.message
        return "written"

    assert run(Base, url, put, spoil) == "must be of one thing"
