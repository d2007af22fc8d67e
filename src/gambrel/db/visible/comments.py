"""Statements that say who has asked, for whoever looks at a server's log or its slow queries.

The comment is by the rules of sqlcommenter. `extension.py` has this listen where the setting
`comments` says so: otherwise nothing is called. A route is one of few, so statements are prepared
once for each; the id of a request makes each statement another one.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy import Engine, event

__all__ = ["Mark", "comment_of", "fields_of", "mark_connection", "mark_session", "mark_statements"]

Mark = Literal["off", "route", "request"]
COMMENT = "gambrel_comment"
FRAMEWORK = "gambrel"


def fields_of(request: Any, mark: Mark) -> dict[str, str]:
    """Return what is said of a request; of none, that it is a call outside of any."""
    told = {"framework": FRAMEWORK}
    if request is None:
        return told
    route = request.route
    if route is not None:
        told["route"] = f"{request.method} {request.root_path}{route.pattern}"
    if mark == "request":
        told["request_id"] = request.id
    return told


def comment_of(fields: Mapping[str, str]) -> str:
    """Return fields as a comment; nothing in them can end it, or be taken for a placeholder."""
    pairs = [f"{quote(name, safe='')}='{quote(fields[name], safe='')}'" for name in sorted(fields)]
    return f"/*{','.join(pairs)}*/"


def mark_session(session: Any, request: Any, mark: Mark) -> None:
    """Have what a session runs say which request has asked."""
    session.info[COMMENT] = comment_of(fields_of(request, mark))


def mark_connection(session: Any, _transaction: Any, connection: Any) -> None:
    """Have a transaction carry the comment of its session; hears of `after_begin`."""
    connection.execution_options(**{COMMENT: session.info.get(COMMENT, "")})


def mark_statements(engine: Engine) -> None:
    """Have the statements of an engine end with the comment of their transaction."""
    doubled = engine.dialect.paramstyle in {"format", "pyformat"}

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def with_comment(
        connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        comment = connection.get_execution_options().get(COMMENT, "")
        if not comment:
            return sql, values
        return f"{sql} {comment.replace('%', '%%') if doubled else comment}", values
