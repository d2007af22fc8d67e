"""What each database is told of a search: SQLite's FTS5, PostgreSQL's tsvector, MariaDB's FULLTEXT.

Words are letters and digits alone, see `terms.py`; they are bound as values all the same.
"""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Float, Index, and_, bindparam, func, literal_column, or_, select, text, types
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import quoted_name, table
from sqlalchemy.sql.elements import ColumnElement

from gambrel.db.search.terms import Term

__all__ = ["INDEXES", "Match", "Rank", "indexes_of", "quoted", "sqlite_drops", "sqlite_statements"]

INDEXES = {"postgresql": "{0}_search_idx", "mysql": "{0}_search_ft", "mariadb": "{0}_search_ft"}
"""What the index of a table is called on a server."""

_WEIGHTS = "ABCD"
_SHARES = (8.0, 4.0, 2.0, 1.0)
_SHORTEST = 3
"""Letters of a word that MariaDB has in its index."""
_LEFT_OUT = re.compile(
    "about|are|com|for|from|how|that|the|this|und|was|what|when|where|who|will|with|www"
)
"""Words that MariaDB has not in its index."""


class Asked(ColumnElement[Any]):
    """A part of a statement that is another one on each database."""

    def __init__(self, search: Any, terms: Sequence[Term]) -> None:
        self.search = search
        self.terms = terms


class Match(Asked):
    """The condition that all terms are found."""

    type = types.Boolean()
    inherit_cache = False  # its terms are in no key of a cache


class Rank(Asked):
    """How well they are."""

    type = Float()
    inherit_cache = False


# SQLite -------------------------------------------------------------------------------------------


def sqlite_statements(search: Any) -> list[str]:
    """Return the table of an index, the triggers that keep it, and what fills it."""
    name, source = quoted(search.name), quoted(search.table.name)
    key = quoted(search.key.name)
    names = [quoted(column.name) for column in search.columns]
    listed, old, new = (", ".join(f"{of}{one}" for one in names) for of in ("", "old.", "new."))
    stem = "porter " if search.language == "english" else ""
    into = f"INSERT INTO {name}"
    removed = f"{into} ({name}, rowid, {listed}) VALUES ('delete', old.{key}, {old});"
    added = f"{into} (rowid, {listed}) VALUES (new.{key}, {new});"
    kept = f"content={source}, content_rowid={key}"
    letters = f"tokenize='{stem}unicode61 remove_diacritics 2'"
    triggers = [
        ("insert", "INSERT", added),
        ("delete", "DELETE", removed),
        ("update", f"UPDATE OF {key}, {listed}", f"{removed} {added}"),
    ]
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5({listed}, {kept}, {letters})",
        *(
            f"CREATE TRIGGER {quoted(f'{search.name}_{when}')} AFTER {action} ON {source}"
            f" BEGIN {done} END"
            for when, action, done in triggers
        ),
        f"{into} ({name}) VALUES ('rebuild')",
    ]


def sqlite_drops(name: str) -> list[str]:
    """Return what removes an index."""
    triggers = [quoted(f"{name}_{when}") for when in ("insert", "delete", "update")]
    return [*(f"DROP TRIGGER IF EXISTS {one}" for one in triggers), f"DROP TABLE {quoted(name)}"]


def quoted(name: str) -> str:
    """Return a name as SQLite reads it."""
    return '"' + name.replace('"', '""') + '"'


def sqlite_query(terms: Sequence[Term]) -> str:
    """Return what is asked, in the language of FTS5."""
    return " ".join(f'"{" ".join(term.words)}"{"*" * term.is_open}' for term in terms)


def fts(search: Any) -> tuple[Any, Any, Any]:
    """Return the table of an index, its key, and what is matched."""
    found = table(quoted_name(search.name, quote=True))
    name = quoted(search.name)
    return found, literal_column(f"{name}.rowid"), literal_column(name)


@compiles(Match, "sqlite")
def match_sqlite(element: Match, compiler: Any, **options: Any) -> str:
    """Find keys in the index."""
    source, rowid, whole = fts(element.search)
    asked = select(rowid).select_from(source).where(whole.op("MATCH")(sqlite_query(element.terms)))
    return str(compiler.process(element.search.key.in_(asked), **options))


@compiles(Rank, "sqlite")
def rank_sqlite(element: Rank, compiler: Any, **options: Any) -> str:
    """Ask for the rank of a row: BM25, of which less is better."""
    source, rowid, whole = fts(element.search)
    shares = _SHARES[: len(element.search.columns)]
    asked = (
        select(-func.bm25(whole, *(literal_column(str(share)) for share in shares)))
        .select_from(source)
        .where(whole.op("MATCH")(sqlite_query(element.terms)))
        .where(rowid == element.search.key)
        .correlate(element.search.table)
        .scalar_subquery()
    )
    return str(compiler.process(asked, **options))


# PostgreSQL ---------------------------------------------------------------------------------------


def vector(search: Any) -> Any:
    """Return the words of a row, as the index has them."""
    language: Any = literal_column(f"'{search.language}'::regconfig")
    parts = [
        func.setweight(
            func.to_tsvector(language, func.coalesce(column, literal_column("''"))),
            literal_column(f"'{weight}'"),
            type_=postgresql.TSVECTOR,
        )
        for column, weight in zip(search.columns, _WEIGHTS, strict=False)
    ]
    whole: Any = parts[0]
    for part in parts[1:]:
        whole = whole.op("||")(part)
    return whole


def query(search: Any, terms: Sequence[Term]) -> Any:
    """Return what is asked, in the language of PostgreSQL."""
    asked = " & ".join(
        f"({' <-> '.join([*term.words[:-1], term.words[-1] + ':*' * term.is_open])})"
        for term in terms
    )
    language: Any = literal_column(f"'{search.language}'::regconfig")
    return func.to_tsquery(language, bindparam(None, asked, types.Text()))


@compiles(Match, "postgresql")
def match_postgresql(element: Match, compiler: Any, **options: Any) -> str:
    """Ask the index."""
    found = vector(element.search).self_group().op("@@")(query(element.search, element.terms))
    return f"({compiler.process(found, **options)})"


@compiles(Rank, "postgresql")
def rank_postgresql(element: Rank, compiler: Any, **options: Any) -> str:
    """Ask for the rank of a row."""
    rank = func.ts_rank(vector(element.search), query(element.search, element.terms))
    return str(compiler.process(rank, **options))


# MariaDB ------------------------------------------------------------------------------------------


def against(search: Any, terms: Sequence[Term]) -> Any:
    """Return the words of a row matched with what is asked, in the language of MariaDB."""
    asked = " ".join(
        f"+{' '.join(term.words)}*"
        if term.is_open and len(term.words) == 1
        else f'+"{" ".join(term.words)}"'
        for term in terms
    )
    names = func.match(*search.columns)
    value: Any = bindparam("asked", asked, unique=True)  # there may be several in a statement
    return names.op("AGAINST")(text("(:asked IN BOOLEAN MODE)").bindparams(value))


def is_indexed(term: Term) -> bool:
    """Say whether MariaDB finds a term by its index."""
    return all(
        len(word) >= _SHORTEST and not _LEFT_OUT.fullmatch(word.lower()) for word in term.words
    )


def looked_at(search: Any, term: Term) -> Any:
    """Return the condition of a term that is in no index: rows are looked at."""
    words = " ".join(term.words)
    return or_(*(column.icontains(words, autoescape=True) for column in search.columns))


@compiles(Match, "mysql", "mariadb")
def match_mysql(element: Match, compiler: Any, **options: Any) -> str:
    """Ask the index, and look at rows for words that it has not."""
    search, found = element.search, [term for term in element.terms if is_indexed(term)]
    conditions: list[Any] = [against(search, found) > 0] if found else []
    conditions += [looked_at(search, one) for one in element.terms if not is_indexed(one)]
    return f"({compiler.process(and_(*conditions), **options)})"


@compiles(Rank, "mysql", "mariadb")
def rank_mysql(element: Rank, compiler: Any, **options: Any) -> str:
    """Ask for the relevance of a row."""
    found = [term for term in element.terms if is_indexed(term)]
    rank = against(element.search, found) if found else literal_column("0.0")
    return f"({compiler.process(rank, **options)})"


# Without a database -------------------------------------------------------------------------------


@compiles(Match)
def match_any(element: Match, compiler: Any, **options: Any) -> str:
    """Look at rows: where a statement is written down, or asked for its tables."""
    conditions = [looked_at(element.search, one) for one in element.terms]
    return f"({compiler.process(and_(*conditions), **options)})"


@compiles(Rank)
def rank_any(_element: Rank, compiler: Any, **options: Any) -> str:
    """Know no rank."""
    return str(compiler.process(literal_column("0.0"), **options))


# Tables -------------------------------------------------------------------------------------------


def indexes_of(search: Any) -> None:
    """Add the indexes of servers to the table, each for its own."""
    table, words = search.table, {"postgresql_using": "gin", "_table": search.table}
    Index(INDEXES["postgresql"].format(table.name), vector(search), **words).ddl_if("postgresql")
    prefix: Any = {"mysql_prefix": "FULLTEXT", "mariadb_prefix": "FULLTEXT"}
    servers: Any = ("mysql", "mariadb")
    Index(INDEXES["mysql"].format(table.name), *search.columns, **prefix).ddl_if(servers)
