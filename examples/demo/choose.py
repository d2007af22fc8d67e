"""The guide as pages and as an API: the questions and rules of `gambrel choose`.

A form sends its answers on as a query, so an answer is an address that can be kept and sent.
"""

import datetime as dt
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from demo.sources import coloured
from gambrel import Query, Redirect, Request, Response, Router
from gambrel.choosing import (
    Recommendation,
    load_guide,
    parse_answers,
    read_stub,
    recommend,
    render_record,
)
from gambrel.choosing.guide import NAME, Question
from gambrel.forms import HTMLForm, field
from gambrel.templates import Template

__all__ = ["choose"]

GUIDE = load_guide()
Name = Annotated[str, Meta(pattern=f"^{NAME}$"), field("What is it called?")]


def asked(question: Question) -> tuple[str, Any, Any]:
    """Return a question as a field: its choices are those of the guide."""
    one = Literal[tuple(question.choices)]
    choices = {name: text[:1].upper() + text[1:] for name, text in question.choices.items()}
    looks = {"help": question.why, "choices": choices}
    if question.many:
        default = msgspec.field(default_factory=lambda: list(question.default or []))
        return question.id, Annotated[list[one], field(question.asks, **looks)], default
    kind = Annotated[one, field(question.asks, widget="radio", **looks)]
    return question.id, kind, msgspec.NODEFAULT if question.default is None else question.default


QUESTIONS = sorted(
    map(asked, GUIDE.questions.values()), key=lambda one: one[2] is not msgspec.NODEFAULT
)
Interview = msgspec.defstruct(
    "Interview", [*QUESTIONS, ("name", Name, "product")], forbid_unknown_fields=True
)
choose = Router(tags=["guide"])


def found_for(interview: Any) -> Recommendation:
    """Return what the rules say to some answers."""
    given = msgspec.structs.asdict(interview)
    name = given.pop("name")
    return recommend(GUIDE, parse_answers(GUIDE, given), name)


@choose.route("/choose", methods=["GET", "POST"], hidden=True)
async def interview(request: Request, form: HTMLForm[Interview]) -> Template | Redirect:
    """Ask; what was answered becomes an address."""
    if form.value is None:
        return Template("choose.html", {"form": form}, form.status)
    query = urlencode(msgspec.structs.asdict(form.value), doseq=True)
    return Redirect(f"{request.url_for('answer')}?{query}")


@choose.get("/choose/answer", hidden=True)
async def answer(request: Request, given: Annotated[Interview, Query()]) -> Template:
    """Say what to take, and why."""
    found = found_for(given)
    stub = coloured("prototype.py", read_stub(found.risk))
    compared = sorted(found.compared, key=lambda one: (one.id != found.choice, -one.points))
    shown = {"found": found, "compared": compared, "stub": stub, "query": request.url.query}
    return Template("answer.html", shown)


@choose.get("/choose/record.md", hidden=True)
async def record(given: Annotated[Interview, Query()]) -> Response:
    """Return the decision as a file."""
    text = render_record(GUIDE, found_for(given), 1, dt.datetime.now(dt.UTC).date())
    return download(text, "0001-framework.md", "text/markdown; charset=utf-8")


@choose.get("/choose/prototype.py", hidden=True)
async def prototype(given: Annotated[Interview, Query()]) -> Response:
    """Return the workflow to try first as a file that runs."""
    return download(
        read_stub(found_for(given).risk), "prototype.py", "text/x-python; charset=utf-8"
    )


def download(text: str, name: str, media_type: str) -> Response:
    """Return a text that browsers save."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, headers=headers, media_type=media_type)


class Answer(Struct):
    """What the rules say, in short."""

    choice: str
    why: str
    shape: str
    command: str
    prototype: str
    advice: list[str]


@choose.post("/api/recommendations", summary="Which framework, in which shape?")
async def advise(given: Interview) -> Answer:
    """Answer as `gambrel choose --json` does, in short."""
    found = found_for(given)
    return Answer(
        choice=found.choice,
        why=found.choice_why,
        shape=found.shape,
        command=found.command,
        prototype=found.first.workflow,
        advice=found.advice,
    )
