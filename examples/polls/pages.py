"""The pages: the last five questions, one with its choices, its votes."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Struct
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import selectinload

from gambrel import Depends, Form, Redirect, Request, Router
from gambrel.db import AsyncSession, compiled
from gambrel.templates import Template
from polls.models import Choice, Question

__all__ = ["polls"]

polls = Router("/polls", name="polls")
COUNT = compiled(
    update(Choice)
    .where(Choice.id == bindparam("choice"), Choice.question_id == bindparam("question"))
    .values(votes=Choice.votes + 1)
)


class Ballot(Struct):
    """What the form sends: the key of a choice, or nothing."""

    choice: int | None = None


def published() -> Select[Question]:
    """Return the statement of all questions that may be seen by now."""
    return select(Question).where(Question.pub_date <= datetime.now(UTC))


async def shown(id: int, db: AsyncSession) -> Question:
    """Return a question with its choices. Raises NotFound for one that is not published yet."""
    wanted = published().where(Question.id == id).options(selectinload(Question.choices))
    return await db.one_or_404(wanted)


Shown = Annotated[Question, Depends(shown)]


@polls.get("/")
async def index(db: AsyncSession) -> Template:
    """List the last five questions."""
    newest = published().order_by(Question.pub_date.desc(), Question.id.desc()).limit(5)
    return Template("index.html", {"questions": list(await db.scalars(newest))})


@polls.get("/{id:int}/")
async def detail(question: Shown) -> Template:
    """Ask a question."""
    return Template("detail.html", {"question": question, "error": ""})


@polls.get("/{id:int}/results/")
async def results(question: Shown) -> Template:
    """Show how many have voted for what."""
    total = sum(choice.votes for choice in question.choices)
    return Template("results.html", {"question": question, "total": total})


@polls.post("/{id:int}/vote/")
async def vote(
    question: Shown,
    db: AsyncSession,
    request: Request,
    ballot: Annotated[Ballot, Form()],
) -> Template | Redirect:
    """Count a vote: by the database itself, so that of two at once none is lost."""
    if not await COUNT.run(db, question=question.id, choice=ballot.choice):
        page = {"question": question, "error": "You didn't select a choice."}
        return Template("detail.html", page, 422)
    return Redirect(request.url_for("polls:results", id=question.id), 302)
