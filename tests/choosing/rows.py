"""The rows of the guide, and what must come out for each: a table, read by `test_guide_rows.py`.

`rules` have to hold, `best` is the best of the seven, `choice` what is recommended (Gambrel where
nothing is said), `avoid` are frameworks with something against them, `advice` words that are said.
"""

from dataclasses import dataclass, field
from typing import Any

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True)
class Row:
    """One row: what it is about, the answers of somebody in that case, what must come out."""

    row: str
    answers: dict[str, Any]
    rules: list[str]
    shape: str
    choice: str = "gambrel"
    best: str = ""
    risk: str = ""
    batteries: list[str] = field(default_factory=list)
    advice: str = ""
    avoid: list[str] = field(default_factory=list)


def row(about: str, workload: str, rules: str, shape: str, **more: Any) -> Row:
    """Return a row; what is not an expectation is an answer."""
    expected = {name: more.pop(name) for name in list(more) if name in Row.__dataclass_fields__}
    return Row(about, {"workload": workload, **more}, rules.split(), shape, **expected)


GLANCE = [
    row(
        "at a glance: Django",
        "full-stack",
        "knows-django full-stack models pages",
        "platform",
        needs=["models", "pages", "sign-in", "roles", "admin"],
        knows=["django"],
        choice="django",
        best="django",
    ),
    row(
        "at a glance: Django REST framework",
        "api",
        "knows-drf api-on-models api-on-models-here",
        "api",
        needs=["models", "public-api", "roles"],
        knows=["drf", "django"],
        best="drf",
        choice="drf",
    ),
    row(
        "at a glance: Flask",
        "webhook",
        "knows-flask webhook one-file-first",
        "service",
        knows=["flask"],
        later="idea",
        best="flask",
        choice="flask",
    ),
    row(
        "at a glance: FastAPI",
        "api",
        "knows-fastapi api types-are-used",
        "api",
        needs=["public-api"],
        knows=["fastapi"],
        practices=["types", "async", "tests"],
        best="fastapi",
    ),
    row(
        "at a glance: Pyramid",
        "full-stack",
        "knows-pyramid explicit several-teams growth-to-platform",
        "platform",
        needs=["roles"],
        knows=["pyramid"],
        team="teams",
        today="product",
        later="platform",
        best="pyramid",
        choice="pyramid",
    ),
    row(
        "at a glance: Tornado",
        "async-service",
        "knows-tornado realtime connections",
        "realtime",
        needs=["realtime"],
        fast=["connections"],
        knows=["tornado"],
        practices=["async"],
        best="tornado",
        choice="tornado",
    ),
    row(
        "at a glance: Sanic",
        "async-service",
        "knows-sanic latency cost",
        "api",
        needs=["public-api"],
        fast=["latency", "cost"],
        knows=["sanic"],
        practices=["async"],
        best="sanic",
    ),
]

WORKLOADS = [
    row("workload: full-stack product", "full-stack", "full-stack", "site", risk="form"),
    row("workload: API", "api", "api", "api", risk="contract", best="fastapi"),
    row(
        "workload: async service",
        "async-service",
        "async-service",
        "api",
        avoid=["django", "flask", "pyramid", "drf"],
        risk="integration",
    ),
    row("workload: dashboard", "dashboard", "dashboard", "realtime", risk="live"),
    row(
        "workload: internal tool",
        "internal-tool",
        "internal-tool",
        "site",
        best="django",
        choice="django",
    ),
    row("workload: AI backend", "ai-backend", "ai-backend", "api", risk="answer", best="fastapi"),
    row(
        "workload: data workflow",
        "data-workflow",
        "data-workflow uploads",
        "service",
        needs=["uploads"],
        risk="intake",
    ),
    row(
        "workload: content platform",
        "content-site",
        "content-site pages",
        "site",
        needs=["pages"],
        best="django",
    ),
    row("workload: webhook, automation", "webhook", "webhook", "service", risk="webhook"),
]

SIGNALS = [
    row(
        "signal: JSON on top of models",
        "api",
        "api-on-models api-on-models-here models",
        "api",
        needs=["models", "public-api"],
        best="drf",
        choice="drf",
        batteries=["db"],
    ),
    row(
        "signal: data models and migrations",
        "api",
        "models",
        "api",
        needs=["models"],
        batteries=["db"],
        avoid=["fastapi", "flask", "tornado", "sanic"],
    ),
    row(
        "signal: pages made on the server",
        "full-stack",
        "pages",
        "site",
        needs=["pages"],
        avoid=["fastapi"],
        batteries=["templates", "forms", "sessions"],
    ),
    row(
        "signal: authentication and users",
        "full-stack",
        "sign-in sign-in-here",
        "site",
        needs=["sign-in"],
        choice="django",
        best="django",
        risk="form",
    ),
    row(
        "signal: several roles, customer portals",
        "full-stack",
        "roles",
        "platform",
        needs=["roles"],
        best="django",
        choice="django",
        risk="permissions",
    ),
    row(
        "signal: admin screens for staff who do not program",
        "full-stack",
        "admin admin-here",
        "site",
        needs=["admin"],
        today="product",
        best="django",
        choice="django",
    ),
    row(
        "signal: admin screens for staff who do not program",
        "api",
        "admin admin-soon",
        "api",
        needs=["admin"],
        avoid=["gambrel"],
        best="drf",
        choice="drf",
    ),
    row(
        "signal: admin screens for staff who do not program",
        "api",
        "admin admin-beside stay-on-fastapi",
        "api",
        needs=["admin"],
        today="product",
        existing="fastapi",
        knows=["fastapi"],
        choice="fastapi",
        advice="Put an admin beside it",
    ),
    row(
        "signal: other teams inspect the API",
        "api",
        "public-api",
        "api",
        needs=["public-api"],
        risk="contract",
        advice="gambrel openapi --against",
        avoid=["django", "tornado"],
    ),
    row(
        "signal: real-time views, long-lived connections",
        "full-stack",
        "realtime",
        "site",
        needs=["realtime"],
        risk="live",
        avoid=["django", "flask", "pyramid"],
    ),
    row(
        "signal: integrations, webhooks",
        "api",
        "integrations",
        "api",
        needs=["integrations"],
        batteries=["http"],
        risk="integration",
    ),
    row(
        "signal: background jobs",
        "api",
        "background background-here",
        "api",
        needs=["background"],
        advice="Procrastinate or Celery",
    ),
    row(
        "signal: file uploads",
        "api",
        "uploads",
        "api",
        needs=["uploads"],
        batteries=["media"],
    ),
    row(
        "signal: several languages",
        "content-site",
        "languages",
        "site",
        needs=["languages", "pages"],
        batteries=["languages"],
        best="django",
    ),
    row(
        "signal: compliance, audits",
        "api",
        "compliance",
        "api",
        needs=["compliance", "models"],
        avoid=["gambrel", "pyramid"],
        choice="django",
        best="django",
        advice="gambrel check --deploy",
    ),
    row(
        "signal: prototype that becomes a product",
        "full-stack",
        "growth-to-platform",
        "platform",
        needs=["roles"],
        later="platform",
        choice="django",
        best="django",
        advice="one door",
    ),
    row(
        "signal: several teams, written conventions",
        "api",
        "several-teams",
        "api",
        team="teams",
        avoid=["flask", "tornado", "sanic", "fastapi"],
        advice="Write down where what belongs",
    ),
    row(
        "signal: many concurrent connections",
        "async-service",
        "connections",
        "realtime",
        fast=["connections"],
        risk="connections",
        best="tornado",
        avoid=["django", "drf", "flask", "pyramid"],
    ),
    row(
        "signal: streaming answers",
        "ai-backend",
        "streaming",
        "api",
        fast=["streaming"],
        risk="answer",
        avoid=["flask", "pyramid", "django"],
    ),
]

QUESTIONS = [
    row(
        "question: which is the fastest framework?",
        "api",
        "latency",
        "api",
        fast=["latency"],
        advice="profile before changing anything",
    ),
    row(
        "question: high performance: developer velocity",
        "api",
        "velocity",
        "api",
        fast=["velocity"],
        avoid=["tornado"],
        advice="Define what fast means",
    ),
    row(
        "question: high performance: cost",
        "api",
        "cost",
        "api",
        fast=["cost"],
        avoid=["django"],
        advice="Count the machines",
    ),
    row(
        "question: what is the risk of a niche framework?",
        "api",
        "must-be-known young",
        "api",
        young="no",
        choice="fastapi",
        avoid=["gambrel", "pyramid", "tornado", "sanic"],
    ),
    row(
        "question: can we move without a rewrite?",
        "api",
        "move-one-route",
        "api",
        existing="flask",
        needs=["public-api"],
        knows=["flask"],
        advice="move one route at a time",
    ),
    row(
        "question: is async always better?",
        "dashboard",
        "async-is-new",
        "realtime",
        advice="one person learn async",
        avoid=["tornado", "sanic"],
    ),
    row(
        "question: do type hints matter?",
        "api",
        "types-are-used",
        "api",
        practices=["types"],
        avoid=["django", "drf"],
        best="fastapi",
    ),
]

CHECKLIST = [
    row(
        "checklist: production basics early",
        "api",
        "production-basics no-tests-yet",
        "api",
        advice="Keep what `gambrel new` has written",
    ),
    row(
        "checklist: the first project fits what is there",
        "api",
        "one-file-first",
        "api",
        later="idea",
        avoid=["django"],
    ),
    row(
        "checklist: profile before optimising",
        "api",
        "sql-is-new",
        "api",
        needs=["models"],
        advice="a test can hold their number",
    ),
    row(
        "checklist: who runs it",
        "api",
        "people-who-run-it",
        "api",
        operator="operations",
        batteries=["metrics"],
        advice="runbook",
    ),
]

COUNTER_CASES = [
    row(
        "counter-case: a tiny webhook",
        "webhook",
        "platform-runs-it",
        "service",
        operator="platform",
        choice="platform-runtime",
    ),
    row(
        "counter-case: ordinary create, read, update and delete",
        "internal-tool",
        "internal-crud ordinary-crud",
        "platform",
        needs=["models", "admin", "sign-in"],
        choice="django",
        best="django",
        avoid=["tornado", "sanic"],
        advice="not by requests per second",
    ),
    row(
        "counter-case: ordinary create, read, update and delete",
        "full-stack",
        "ordinary-crud",
        "site",
        needs=["models", "pages"],
        choice="django",
        best="django",
        avoid=["tornado", "sanic"],
    ),
    row(
        "counter-case: CPU-heavy work",
        "api",
        "cpu-heavy",
        "api",
        needs=["cpu-heavy"],
        risk="heavy",
        advice="worker processes or a queue",
        avoid=["tornado", "sanic", "fastapi", "gambrel"],
    ),
    row(
        "counter-case: CPU-heavy work",
        "data-workflow",
        "no-web-at-all cpu-heavy",
        "service",
        needs=["cpu-heavy", "models"],
        choice="no-framework",
    ),
    row(
        "counter-case: pages that are the same for everybody",
        "content-site",
        "pages-are-files",
        "site",
        choice="static-site",
    ),
    row(
        "counter-case: a team and product on Django",
        "full-stack",
        "stay-on-django move-one-route",
        "site",
        existing="django",
        knows=["django"],
        choice="django",
        best="django",
    ),
    *(
        row(
            "counter-case: a team and product on another of the seven",
            "async-service" if name in {"tornado", "sanic"} else "webhook",
            f"stay-on-{name}",
            "api" if name in {"tornado", "sanic"} else "service",
            existing=name,
            knows=[name],
            practices=["async"],
            choice=name,
        )
        for name in ("flask", "fastapi", "pyramid", "tornado", "sanic")
    ),
]

ROWS = [*GLANCE, *WORKLOADS, *SIGNALS, *QUESTIONS, *CHECKLIST, *COUNTER_CASES]
