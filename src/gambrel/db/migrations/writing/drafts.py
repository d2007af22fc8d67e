"""A draft of a migration: what changed between migrations and models, as code of both directions.

What was renamed is asked, and renamed first: what is compared then is the rest.
"""

import ast
import json
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher, get_close_matches
from functools import partial
from typing import Any

from alembic.autogenerate import render_python_code
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from msgspec import Struct, field
from sqlalchemy import Connection, Enum, MetaData

from gambrel.db.migrations import dry
from gambrel.db.migrations.folders import APP, MigrationFolder, Project
from gambrel.db.migrations.history import History
from gambrel.db.migrations.operations.renames import rename_column, rename_table
from gambrel.db.migrations.running.runner import PROXY
from gambrel.db.migrations.schemas import Difference, Schema
from gambrel.db.migrations.writing.code import formatted
from gambrel.db.migrations.writing.comparing import Changes, compare
from gambrel.db.migrations.writing.searching import Search
from gambrel.db.migrations.writing.types import Types
from gambrel.db.migrations.writing.width import width_of

__all__ = ["Draft", "Question", "draft_of"]


INDEXES = (ops.CreateIndexOp, ops.DropIndexOp)
CONCURRENT = {
    "create_index": "create_index_concurrently",
    "drop_index": "drop_index_concurrently",
}


SILENT = {("schema", None), ("unique", False), ("postgresql_nulls_not_distinct", False)}


class Question(Struct, frozen=True):
    """Something that is gone: was it renamed to one of `choices`? `table` is empty for a table."""

    table: str
    name: str
    choices: tuple[str, ...]
    """The likeliest is the first."""

    @property
    def full(self) -> str:
        """The name with its table."""
        return f"{self.table}.{self.name}" if self.table else self.name


Decide = Callable[[Question], str]
"""Returns one of the choices, or nothing where what is gone is to be dropped."""


class Draft(Struct):
    """The code of a migration: its statements, and the names that they import."""

    up: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    depends_on: list[str] = field(default_factory=list)
    drops: set[str] = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.up


class Drafting:
    """Compares, asks, compares again, and writes."""

    def __init__(
        self,
        connection: Connection,
        project: Project,
        history: History,
        folder: MigrationFolder,
        wanted: Schema,
    ) -> None:
        self.connection = connection
        self.project = project
        self.history = history
        self.folder = folder
        self.wanted = wanted
        self.types = Types()
        self.width = width_of(folder.path)
        self.made = dry.makers_of_tables(history)
        self.kinds = dry.types_of_columns(history)
        self.renames: list[tuple[str, str, str]] = []

    def changes(self) -> Changes:
        """Compare the models with the database as it is now."""
        maker = lambda table: self.made.get(table, APP)  # noqa: E731
        return compare(
            self.connection,
            self.project,
            self.history,
            self.folder,
            self.wanted,
            maker,
            self.kinds,
        )

    def draft(self, decide: Decide) -> Draft:
        """Return the draft."""
        found = self.changes()
        for ask in (tables_gone, columns_gone):
            renamed = [self.rename(one, decide) for one in ask(found.operations)]
            if any(renamed):
                found = self.changes()
        draft, searches = Draft(), Searching(found, self.call)
        draft.up += searches.drops(draft, back=False)
        draft.up += [line for one in self.renames for line in self.renaming(*one, draft)]
        draft.down += searches.drops(draft, back=True)
        self.write(found, draft)
        for table, old, new in reversed(self.renames):
            draft.down += self.renaming(table, new, old, draft)
        draft.up += searches.makes(draft, back=False)
        draft.down += searches.makes(draft, back=True)
        draft.types = self.types.imports
        draft.depends_on = self.dependencies(found.operations)
        return draft

    def rename(self, question: Question, decide: Decide) -> bool:
        """Rename something in the database, if that is what became of it."""
        taken = {new for table, _, new in self.renames if table == question.table}
        choices = tuple(one for one in question.choices if one not in taken)
        new = decide(Question(question.table, question.name, choices)) if choices else ""
        if not new:
            return False
        self.renames.append((question.table, question.name, new))
        context = MigrationContext.configure(self.connection)
        with PROXY, Operations.context(context):
            if question.table:
                rename_column(question.table, question.name, new)
            else:
                rename_table(question.name, new)
                self.made[new] = self.made.get(question.name, APP)
        self.connection.commit()
        if question.table:
            dry.rename_column(self.kinds, question.table, question.name, new)
        else:
            dry.rename_table(self.kinds, question.name, new)
        return True

    def renaming(self, table: str, old: str, new: str, draft: Draft) -> list[str]:
        """Return the code of a renaming."""
        if not table:
            return [self.formatted(f"op.rename_table({old!r}, {new!r})")]
        draft.names.add("rename_column")
        return [self.formatted(f"rename_column({table!r}, {old!r}, {new!r})")]

    def write(self, found: Changes, draft: Draft) -> None:
        """Write the rest, and the same backwards."""
        up, down = found.operations, found.operations.reverse()
        before, after = self.enum_lines(found.enums, up, draft, back=False)
        draft.up += [*before, *self.lines(up, draft), *after]
        draft.up += [self.key(one.part[0], one.wanted, draft) for one in found.keys]
        draft.down += [self.key(one.part[0], one.found, draft) for one in found.keys]
        before, after = self.enum_lines(found.enums, down, draft, back=True)
        draft.down += [*before, *self.lines(down, draft), *after]
        for one in up.ops:
            name = getattr(one, "table_name", "")
            gone = [i for i in getattr(one, "ops", ()) if isinstance(i, ops.DropColumnOp)]
            draft.drops |= {f"{name}.{inner.column_name}" for inner in gone}
            if isinstance(one, ops.DropTableOp):
                draft.drops.add(name)

    def lines(self, operations: Any, draft: Draft) -> list[str]:
        """Return operations as code."""
        operations.ops = without_batches(operations.ops)
        if not operations.ops:
            return []
        context = MigrationContext.configure(self.connection, opts={"target_metadata": MetaData()})
        code = render_python_code(
            operations,
            render_as_batch=True,
            render_item=self.types.render,
            migration_context=context,
        )
        inner = ast.parse(f"if True:\n    {code}").body[0]
        assert isinstance(inner, ast.If)
        tidying = Tidy({one.table_name for one in operations.ops if is_made(one)})
        tidy = tidying.visit(ast.Module(inner.body, []))
        draft.names |= tidying.names
        return [self.formatted(ast.unparse(tidy))]

    def key(self, table: str, columns: str | None, draft: Draft) -> str:
        """Return what gives a table another primary key."""
        return self.call(draft, "change_primary_key", table, values_of(columns))

    def enum_lines(
        self, enums: list[Difference], operations: Any, draft: Draft, *, back: bool
    ) -> tuple[list[str], list[str]]:
        """Return what is to be done with types of PostgreSQL, before and after the tables."""
        made = {name for one in operations.ops for name in types_made(one)}
        before, after = [], []
        for one in enums:
            name = one.part[1].removeprefix("type ")
            wanted, found = (one.found, one.wanted) if back else (one.wanted, one.found)
            if found is None and name not in made:
                before.append(self.call(draft, "create_enum", name, values_of(wanted)))
            elif wanted is None:
                after.append(self.call(draft, "drop_enum", name))
            elif found is not None:
                before.append(self.change(draft, name, values_of(wanted), values_of(found)))
        return before, after

    def change(self, draft: Draft, name: str, wanted: list[str], found: list[str]) -> str:
        """Return what gives a type other values."""
        if wanted[: len(found)] == found:
            return self.call(draft, "add_enum_values", name, *wanted[len(found) :])
        columns = [
            (table.name, column.name)
            for table in self.project.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, Enum) and column.type.name == name
        ]
        return self.call(draft, "replace_enum", name, wanted, columns)

    def call(self, draft: Draft, function: str, *arguments: Any, **named: Any) -> str:
        """Return the call of a function of ours."""
        draft.names.add(function)
        given = [*map(repr, arguments), *(f"{name}={value!r}" for name, value in named.items())]
        return self.formatted(f"{function}({', '.join(given)})")

    def formatted(self, code: str) -> str:
        """Return code as it stands in a file."""
        return formatted(code, self.width)

    def dependencies(self, operations: Any) -> list[str]:
        """Return the last revisions of other folders to whose tables something refers."""
        found: set[str] = set()
        for target in references(operations.ops):
            table = self.project.metadata.tables.get(target)
            owner = None if table is None else self.project.owner(table)
            if owner is not None and owner.name != self.folder.name:
                head = self.history.head(owner.name)
                found |= {head.id} if head else set()
        return sorted(found)


class Searching:
    """Writes what becomes of searches: they go before all else, and come after it."""

    def __init__(self, found: Changes, call: Callable[..., str]) -> None:
        self.searches = found.searches
        self.call = call
        every = found.operations.ops
        made = {one.table_name for one in every if isinstance(one, ops.CreateTableOp)}
        gone = {one.table_name for one in every if isinstance(one, ops.DropTableOp)}
        self.new = {False: made, True: gone}

    def drops(self, draft: Draft, *, back: bool) -> list[str]:
        """Return what removes those that are there."""
        return [
            self.call(draft, "drop_full_text", one.table, **self.how(one, back=not back))
            for one in self.searches
            if (one.wanted if back else one.found) is not None
        ]

    def makes(self, draft: Draft, *, back: bool) -> list[str]:
        """Return what makes those that are wanted."""
        lines = []
        for one in self.searches:
            wanted = one.found if back else one.wanted
            if wanted is not None:
                columns, language = wanted
                named = {} if language == "simple" else {"language": language}
                named |= self.how(one, back=back)
                lines.append(
                    self.call(draft, "create_full_text", one.table, list(columns), **named)
                )
        return lines

    def how(self, one: Search, *, back: bool) -> dict[str, Any]:
        """Return how an index is made, or dropped again: beside the use of a table that has any."""
        return {} if one.table in self.new[back] else {"concurrently": True}


class Tidy(ast.NodeTransformer):
    """Leaves out of Alembic's code what says nothing, calls a batch so, and makes indexes safely.

    `new` are the tables that are made here, which nobody uses yet.
    """

    def __init__(self, new: set[str]) -> None:
        self.new = new
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Shorten the name of a batch."""
        return ast.Name("batch") if node.id == "batch_op" else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Take names out of `op.f()`, and defaults away."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "f":
            return node.args[0]
        node.keywords = [word for word in node.keywords if not says_nothing(word)]
        name = getattr(node.func, "attr", "")
        return self.concurrent(node, name) if name in CONCURRENT else node

    def concurrent(self, node: ast.Call, name: str) -> ast.AST:
        """Have an index of a table that is in use made and dropped beside its use."""
        words = {word.arg: word.value for word in node.keywords}
        table = node.args[1] if len(node.args) > 1 else words.pop("table_name")
        if isinstance(table, ast.Constant) and table.value in self.new:
            return node
        self.names.add(CONCURRENT[name])
        kept = [ast.keyword(key, value) for key, value in words.items()]
        kept = kept if name == "create_index" else []
        return ast.Call(ast.Name(CONCURRENT[name]), [node.args[0], table, *node.args[2:]], kept)


def without_batches(operations: list[Any]) -> list[Any]:
    """Return operations with indexes by themselves: dropped first, made last.

    Those of tables that are dropped go with them.
    """
    gone = {one.table_name for one in operations if isinstance(one, ops.DropTableOp)}
    drops: list[Any] = []
    others: list[Any] = []
    makes: list[Any] = []
    for one in operations:
        if isinstance(one, ops.ModifyTableOps):
            if one.table_name not in gone:
                drops += [inner for inner in one.ops if isinstance(inner, ops.DropIndexOp)]
                makes += [inner for inner in one.ops if isinstance(inner, ops.CreateIndexOp)]
            one.ops = [inner for inner in one.ops if not isinstance(inner, INDEXES)]
        if not isinstance(one, ops.ModifyTableOps) or one.ops:
            others.append(one)
    return [*drops, *others, *makes]


def says_nothing(word: ast.keyword) -> bool:
    """Whether an argument is what would be without it."""
    value = word.value.value if isinstance(word.value, ast.Constant) else word.value
    return (word.arg, value) in SILENT


def draft_of(
    connection: Connection,
    project: Project,
    history: History,
    folder: MigrationFolder,
    wanted: Schema,
    decide: Decide,
) -> Draft:
    """Return what a folder of migrations lacks, to be as the models of its tables want it.

    `connection` is one to a database that all migrations were applied to; it is changed.
    """
    return Drafting(connection, project, history, folder, wanted).draft(decide)


def tables_gone(operations: Any) -> Iterable[Question]:
    """Yield tables that are dropped while others like them are made."""
    made = {one.table_name: columns_of(one) for one in operations.ops if is_made(one)}
    for one in operations.ops:
        if isinstance(one, ops.DropTableOp) and one._reverse is not None:  # noqa: SLF001
            own = columns_of(one._reverse)  # noqa: SLF001
            close = [n for n, columns in made.items() if 2 * len(own & columns) >= len(own)]
            names = tuple(get_close_matches(one.table_name, close, len(close) or 1, cutoff=0))
            if names:
                yield Question("", one.table_name, names)


def columns_gone(operations: Any) -> Iterable[Question]:
    """Yield columns that are dropped while others of their table are made."""
    for one in operations.ops:
        inner = getattr(one, "ops", ())
        added = [i.column for i in inner if isinstance(i, ops.AddColumnOp)]
        for gone in inner:
            if isinstance(gone, ops.DropColumnOp) and added:
                likeliest = sorted(added, key=partial(likeness, gone))
                names = tuple(column.name for column in likeliest)
                yield Question(one.table_name, gone.column_name, names)


def likeness(gone: Any, column: Any) -> tuple[bool, float]:
    """Return what is the less, the more a new column is like one that is gone: its type first."""
    was = gone._reverse.column.type  # noqa: SLF001
    is_other = column.type._type_affinity is not was._type_affinity  # noqa: SLF001
    return is_other, -SequenceMatcher(None, gone.column_name, column.name).ratio()


def is_made(one: Any) -> bool:
    """Whether an operation makes a table."""
    return isinstance(one, ops.CreateTableOp)


def columns_of(one: Any) -> set[str]:
    """Return the names of the columns of a table that is made."""
    return {column.name for column in one.columns if hasattr(column, "type")}


def types_made(one: Any) -> Iterable[str]:
    """Yield the types of PostgreSQL that come along with a table."""
    if isinstance(one, ops.CreateTableOp):
        for column in one.columns:
            kind = getattr(column, "type", None)
            if isinstance(kind, Enum) and kind.name:
                yield kind.name


def references(operations: Iterable[Any]) -> Iterable[str]:
    """Yield the tables to which operations refer."""
    for one in operations:
        yield from references(getattr(one, "ops", ()))
        if isinstance(one, ops.CreateForeignKeyOp):
            yield one.referent_table
        elif isinstance(one, ops.CreateTableOp):
            for item in one.columns:
                for element in getattr(item, "elements", ()):
                    yield str(element.target_fullname).rpartition(".")[0]


def values_of(listed: str | None) -> list[str]:
    """Return the values of a type, or the columns of a key, as `schemas.py` has written them."""
    if listed is not None and listed.startswith("["):
        values: list[str] = json.loads(listed)
        return values
    return [part.strip() for part in (listed or "").strip("()").split(",")]
