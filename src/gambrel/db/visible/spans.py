"""What is told of a statement by OpenTelemetry's conventions for databases (stable, 1.33 on).

Whoever makes spans hears of each by the Point `WORK`. Values are in none of it: not those that are
bound, and not those that stand in SQL by hand.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from gambrel.db.connections.urls import Address
from gambrel.db.failures import code_of
from gambrel.db.watching import Statement
from gambrel.telemetry import Describe

__all__ = ["Told", "safe_text", "summary_of"]

LONGEST = 255
"""Characters of a summary, as the conventions have it."""
LONG = 4096
_QUOTED = r"'(?:[^']|'')*(?:'|\Z)"
_ESCAPED = r"(?:[^{0}\\]|\\(?:.|\Z)|{0}{0})*(?:{0}|\Z)"
# What a value in quotes is: each kind of database has rules of its own.
_TEXTS = {
    "sqlite": _QUOTED,
    "postgresql": "[eE]'"
    + _ESCAPED.format("'")
    + "|"
    + _QUOTED
    # a text between marks, $body$ ... $body$
    + r"|\$(?P<mark>(?:[A-Za-z_]\w*)?)\$.*?(?:\$(?P=mark)\$|\Z)",
    "mariadb": "'" + _ESCAPED.format("'") + '|"' + _ESCAPED.format('"'),
}
_TOKENS = {
    kind: re.compile(
        r"(?:--[^\n]*|/\*.*?(?:\*/|\Z)"  # comments
        + (r"|\#[^\n]*)" if kind == "mariadb" else ")")
        + f"|(?P<text>{texts})"
        + r"|(?P<number>(?<![\w.$])(?:0[xXoObB][\da-fA-F_]+"
        + r"|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)(?!\w))"
        + r'|(?P<word>"(?:[^"]|"")*"|`[^`]*`|[\w.$]+)',
        re.DOTALL,
    )
    for kind, texts in _TEXTS.items()
}
_OPERATIONS = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "CALL"}
_BEFORE_TABLES = {"FROM", "JOIN", "INTO", "UPDATE", "TABLE"}
_BETWEEN = {"IF", "NOT", "EXISTS", "ONLY", "LATERAL"}


@lru_cache(1024)
def summary_of(sql: str, kind: str = "sqlite") -> tuple[str, str, str]:
    """Return operations and tables of a statement, its first operation, and its only table.

    `("SELECT hero JOIN team", …)` is what spans are called by: it is one of few.
    """
    parts: list[str] = []
    tables: list[str] = []
    operations: list[str] = []
    awaits_table = False
    for token in _TOKENS[kind].finditer(sql):
        word = token["word"]
        if word is None:
            continue
        upper = word.upper()
        if awaits_table and upper not in _BETWEEN:
            if upper not in _OPERATIONS:  # as in FROM (SELECT …)
                tables.append(word.replace('"', "").replace("`", ""))
                parts.append(tables[-1])
            awaits_table = False
        if upper in _OPERATIONS and (not operations or upper == "SELECT"):
            operations.append(upper)
            parts.append(upper)
        awaits_table = awaits_table or upper in _BEFORE_TABLES
    if not operations:
        parts = operations = [sql.split(None, 1)[0].upper()] if sql.split() else ["SQL"]
    only = tables[0] if len(set(tables)) == 1 else ""
    return " ".join(parts)[:LONGEST], operations[0], only


@lru_cache(1024)
def safe_text(sql: str, kind: str = "sqlite") -> str:
    """Return a statement on one line, without comments and with `?` for each value in it."""

    def replaced(token: "re.Match[str]") -> str:
        if token["word"] is not None:
            return token[0]
        return "?" if token["text"] or token["number"] else " "

    return " ".join(_TOKENS[kind].sub(replaced, sql).split())[:LONG]


class Told:
    """Tells `hearers` of statements, in the words of the conventions."""

    def __init__(self, address: Address, hearers: Sequence[Callable[..., None]]) -> None:
        url = address.for_threads
        self.hearers = hearers
        self.kind = address.kind
        self.fixed: dict[str, Any] = {"db.system.name": address.kind}
        if url.database and address.file is None:
            self.fixed["db.namespace"] = url.database
        elif address.file is not None:
            self.fixed["db.namespace"] = address.file.name
        if url.host:
            self.fixed["server.address"] = url.host
        if url.port:
            self.fixed["server.port"] = url.port

    def hear(self, statement: Statement) -> None:
        """Pass on what a watch has told."""
        describe: Describe = lambda: self.describe(statement)  # noqa: E731
        for hear in self.hearers:
            hear(describe, statement.seconds, statement.error)

    def describe(self, statement: Statement) -> tuple[str, dict[str, Any]]:
        """Return the name of a statement's span, and its attributes."""
        summary, operation, table = summary_of(statement.sql, self.kind)
        told = {
            **self.fixed,
            "db.query.summary": summary,
            "db.operation.name": operation,
            "db.query.text": safe_text(statement.sql, self.kind),
        }
        if table:
            told["db.collection.name"] = table
        if statement.error is not None and (code := code_of(statement.error)):
            told["db.response.status_code"] = str(code)
        return summary, told
