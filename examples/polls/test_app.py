"""What the tutorial tries in its shell and tests in its fifth part, of this app.

The same on SQLite and, where `GAMBREL_DATABASE_URL` names one, on another database.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import extract, func, select

from gambrel import App
from gambrel.db import AsyncSession
from gambrel.db.testing import check_migrations, queries, rolled_back
from gambrel.testing import AsyncClient, Client, run_command
from polls.app import create_app
from polls.models import Choice, Question

HERE = Path(__file__).parent
EMPTY = "No polls are available."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAMBREL_INSTANCE", str(tmp_path_factory.mktemp("instance")))
        yield create_app()


@pytest.fixture
def trial(app: App) -> Iterator[Any]:
    with Client(app) as client, rolled_back(app) as trial:
        trial.client = client
        yield trial


@pytest.fixture
def client(trial: Any) -> Client:
    found: Client = trial.client
    return found


def question_of(text: str = "", *, choices: tuple[str, ...] = (), **when: float) -> Question:
    """Return a question that is published now, or so much later; earlier, if it is negative."""
    answers = [Choice(choice_text=choice) for choice in choices]
    at = datetime.now(UTC) + timedelta(**when)
    return Question(question_text=text or "What's new?", pub_date=at, choices=answers)


def write(trial: Any, *questions: Question) -> int:
    """Keep questions, and return the key of the first."""

    async def keep(db: AsyncSession) -> int:
        db.add_all(questions)
        await db.flush()
        return questions[0].id

    key: int = trial.call(keep)
    return key


def listed(page: str) -> list[str]:
    """Return the questions on the index."""
    return re.findall(r'<a href="/polls/\d+/">([^<]+)</a>', page)


# The model ------------------------------------------------------------------------------------


def test_a_question_of_the_future_was_not_published_recently():
    assert question_of(days=30).was_published_recently() is False


def test_a_question_older_than_a_day_was_not_published_recently():
    assert question_of(days=-1, seconds=-1).was_published_recently() is False


def test_a_question_of_the_last_day_was_published_recently():
    assert question_of(hours=-23, minutes=-59, seconds=-59).was_published_recently() is True


def test_a_text_is_what_a_question_and_a_choice_are_called():
    assert (str(question_of("Why?")), str(Choice(choice_text="Because"))) == ("Why?", "Because")


# The index ------------------------------------------------------------------------------------


def test_without_questions_a_message_is_shown(client):
    answer = client.get("/polls/")

    assert answer.status_code == 200
    assert EMPTY in answer.text


def test_a_question_of_the_past_is_listed(trial, client):
    write(trial, question_of("Past question.", days=-30))

    assert listed(client.get("/polls/").text) == ["Past question."]


def test_a_question_of_the_future_is_not_listed(trial, client):
    write(trial, question_of("Future question.", days=30))

    assert EMPTY in client.get("/polls/").text


def test_of_a_future_and_a_past_question_the_past_one_is_listed(trial, client):
    write(trial, question_of("Past question.", days=-30), question_of("Future question.", days=30))

    assert listed(client.get("/polls/").text) == ["Past question."]


def test_two_questions_of_the_past_are_listed_the_newest_first(trial, client):
    write(trial, question_of("Question 1.", days=-30), question_of("Question 2.", days=-5))

    assert listed(client.get("/polls/").text) == ["Question 2.", "Question 1."]


def test_five_questions_are_listed_and_no_more(trial, client):
    write(trial, *(question_of(f"Question {day}.", days=-day) for day in range(7)))

    assert listed(client.get("/polls/").text) == [f"Question {day}." for day in range(5)]
    assert client.get("/", follow_redirects=True).url.path == "/polls/"


# One question ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "results/"])
def test_a_question_of_the_future_is_not_found(trial, client, path):
    key = write(trial, question_of("Future question.", days=5))

    assert client.get(f"/polls/{key}/{path}").status_code == 404
    assert client.get(f"/polls/{key + 1}/{path}").status_code == 404


def test_a_question_of_the_past_is_shown_with_its_choices(trial, client, app):
    key = write(trial, question_of("Past question.", days=-5, choices=("Yes", "No")))

    with queries(app, max=4):  # with the savepoint of this test
        page = client.get(f"/polls/{key}/").text

    assert "Past question." in page
    assert re.findall(r"<label[^>]*>([^<]+)<", page) == ["Yes", "No"]


# Votes ----------------------------------------------------------------------------------------


def test_a_vote_is_counted(trial, client):
    key = write(trial, question_of(choices=("Yes", "No")))
    choice = re.findall(
        r'name="choice" id="choice1" value="(\d+)"', client.get(f"/polls/{key}/").text
    )

    answer = client.post(f"/polls/{key}/vote/", data={"choice": choice[0]})
    page = client.get(answer.headers["location"]).text

    assert (answer.status_code, answer.headers["location"]) == (302, f"/polls/{key}/results/")
    assert "Yes -- 1 vote\n" in page
    assert "No -- 0 votes\n" in page
    assert "Vote again?" in page


def test_who_chooses_nothing_is_asked_again(trial, client):
    key = write(trial, question_of("Why?", choices=("Yes",)))
    other = write(trial, question_of(choices=("Of another question",)))
    theirs = re.findall(r'value="(\d+)"', client.get(f"/polls/{other}/").text)[0]

    for sent in ({}, {"choice": ""}, {"choice": "2000000000"}, {"choice": theirs}):
        answer = client.post(f"/polls/{key}/vote/", data=sent)
        assert answer.status_code == 422
        assert "You didn&#39;t select a choice." in answer.text
        assert "Why?" in answer.text
    assert "-- 0 votes" in client.get(f"/polls/{other}/results/").text


def test_a_page_of_another_site_cannot_vote_for_a_visitor(trial, client):
    key = write(trial, question_of(choices=("Yes",)))
    answer = client.post(f"/polls/{key}/vote/", headers={"sec-fetch-site": "cross-site"})

    assert answer.status_code == 403


def test_of_many_votes_at_once_none_is_lost(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    app = create_app()

    async def ask(db: AsyncSession) -> tuple[int, int]:
        question = question_of(choices=("Yes",))
        db.add(question)
        await db.flush()
        return question.id, question.choices[0].id

    async def forget(db: AsyncSession) -> None:
        for question in await db.scalars(select(Question)):
            await db.delete(question)

    async def crowd() -> str:
        async with AsyncClient(app) as client:
            key, choice = await app.call(ask)
            sent = [
                client.post(f"/polls/{key}/vote/", data={"choice": str(choice)}) for _ in range(30)
            ]
            await asyncio.gather(*sent)
            page = await client.get(f"/polls/{key}/results/")
            await app.call(forget)
            return page.text

    assert "Yes -- 30 votes" in asyncio.run(crowd())


# What the tutorial tries in its shell ---------------------------------------------------------


def asked(trial: Any, statement: Callable[[], Any]) -> list[Any]:
    async def ask(db: AsyncSession) -> list[Any]:
        return list(await db.scalars(statement()))

    found: list[Any] = trial.call(ask)
    return found


def test_rows_are_found_by_their_beginning_their_year_and_their_relations(trial):
    year = datetime.now(UTC).year
    key = write(trial, question_of("What's up?", choices=("Not much", "The sky")))
    other = question_of("Why?", choices=("Just hacking again",))
    other.pub_date = datetime(1999, 12, 31, tzinfo=UTC)
    write(trial, other)

    found = select(Question).where(Question.question_text.startswith("What"))
    this_year = select(Question).where(extract("year", Question.pub_date) == year)
    of_year = select(Choice.choice_text).join(Choice.question).order_by(Choice.id)
    count = select(func.count(Choice.id)).where(Choice.question_id == key)

    assert [str(one) for one in asked(trial, lambda: found)] == ["What's up?"]
    assert [one.id for one in asked(trial, lambda: this_year)] == [key]
    assert asked(trial, lambda: of_year.where(extract("year", Question.pub_date) == year)) == [
        "Not much",
        "The sky",
    ]
    assert asked(trial, lambda: count) == [2]


def test_choices_go_with_their_question(trial):
    write(trial, question_of(choices=("Yes", "No")))

    async def forget(db: AsyncSession) -> None:
        await db.delete(await db.one_or_404(select(Question)))

    trial.call(forget)

    assert asked(trial, lambda: select(Choice)) == []


# The tables -----------------------------------------------------------------------------------


def test_the_first_migration_makes_what_the_models_want_and_undoes_it(app):
    check_migrations(app)


def test_seeds_ask_three_questions_once(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    monkeypatch.setenv("GAMBREL_DATABASE_URL", f"sqlite:///{tmp_path}/polls.db")
    for _ in range(2):
        result = run_command(["db", "seed", str(HERE), "--create"])
        assert result.exit_code == 0, result.stderr

    made = create_app(f"sqlite:///{tmp_path}/polls.db")
    assert result.stdout.endswith("questions.py: planted\n")
    run_command(["db", "stamp", str(HERE), "0001"])
    with Client(made) as client:
        assert len(listed(client.get("/polls/").text)) == 3
