"""Which framework, in which shape: questions, rules with their reasons, and what follows of them.

    guide = load_guide()
    found = recommend(guide, parse_answers(guide, {"workload": "api", "needs": ["models"]}))
    print(found.command)  # gambrel new product --shape api --with db

`questions.toml` and `rules.toml` are the judgement; the code applies them. `gambrel choose` and a
page of the demo ask; neither knows a rule.
"""

from gambrel.choosing.answers import Answers, parse_answers
from gambrel.choosing.engine import Recommendation, recommend
from gambrel.choosing.guide import Guide, load_guide
from gambrel.choosing.record import render_record
from gambrel.choosing.stub import read_stub

__all__ = [
    "Answers",
    "Guide",
    "Recommendation",
    "load_guide",
    "parse_answers",
    "read_stub",
    "recommend",
    "render_record",
]
