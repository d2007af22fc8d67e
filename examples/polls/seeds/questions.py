"""Three questions to begin with, the last one of an hour ago."""

from datetime import UTC, datetime, timedelta

from polls.models import Choice, Question
from sqlalchemy import select

from gambrel.db import SyncSession

QUESTIONS = {
    "Which roof do you like best?": ["Gambrel", "Gable", "Mansard", "Thatched"],
    "Tea or coffee?": ["Tea", "Coffee", "Water, please"],
    "What's new?": ["Not much", "The sky"],
}


def seed(db: SyncSession) -> None:
    if db.scalar(select(Question.id).limit(1)) is not None:
        return
    for days, (text, choices) in enumerate(reversed(QUESTIONS.items())):
        pub_date = datetime.now(UTC) - timedelta(days=days, hours=1)
        answers = [Choice(choice_text=choice) for choice in choices]
        db.add(Question(question_text=text, pub_date=pub_date, choices=answers))
