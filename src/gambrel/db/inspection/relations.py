"""What leads from one class to another: named by foreign keys, on both sides.

`artist_id` is `artist`, and the other way `albums`; two keys to the same table are told apart:
`messages_as_sender`. A table of pairs becomes lists on both sides.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint

from gambrel.db.inspection.naming import plural, relation_name
from gambrel.db.inspection.plan import Plan, Planned, Relation, foreign_keys

__all__ = ["add_relations"]

_ENDINGS = ("_id", "_uuid", "_code", "_key", "_no", "_nr", "_number", "_fk", "_ref")


def add_relations(plan: Plan) -> None:
    """Give the classes of a plan what leads from one to another."""
    pairs = [
        (planned, key, add_forward(plan, planned, key))
        for planned in plan.classes
        for key in foreign_keys(planned.table)
        if key.referred_table.key in plan.keys and not planned.is_view
    ]
    for planned, key, forward in pairs:
        add_reverse(plan, planned, key, forward)
    for variable, table in plan.links.items():
        add_link(plan, variable, table)
    for planned in plan.classes:
        share_columns(plan, planned, [pair for pair in pairs if pair[0] is planned])


def add_forward(plan: Plan, planned: Planned, key: ForeignKeyConstraint) -> Relation:
    """Add what leads to the one row that a foreign key means."""
    target = plan.keys[key.referred_table.key]
    name = relation_name(forward_names(planned, key, target), planned.taken)
    is_optional = any(one.nullable and not one.primary_key for one in key.columns)
    relation = Relation(name, target.name, is_optional=is_optional)
    if key.referred_table is planned.table:
        relation.options["remote_side"] = listed(planned, (one.column for one in key.elements))
    if is_ambiguous(planned.table, key.referred_table):
        relation.options["foreign_keys"] = listed(planned, key.columns)
    planned.relations.append(relation)
    return relation


def forward_names(planned: Planned, key: ForeignKeyConstraint, target: Planned) -> list[str]:
    """Return the names that would do, the best one first."""
    own = own_columns(planned, key)
    if len(own) > 1:
        return [target.one, f"{target.one}_by_{planned.attribute(own[0])}"]
    attribute = planned.attribute(own[0])
    for ending in _ENDINGS:
        if attribute.endswith(ending):
            role = attribute.removesuffix(ending)
            return [role, f"{role}_{target.one}"]
    if attribute == "id" or attribute == target.one:
        return [target.one, f"related_{target.one}"]
    return [f"{attribute}_{target.one}"]


def own_columns(planned: Planned, key: ForeignKeyConstraint) -> list[Any]:
    """Return the columns of a key that no other has: all but the tenant's, say."""
    others = [one for one in foreign_keys(planned.table) if one is not key]
    shared = {column.name for one in others for column in one.columns}
    return [column for column in key.columns if column.name not in shared] or [*key.columns]


def add_reverse(plan: Plan, planned: Planned, key: ForeignKeyConstraint, forward: Relation) -> None:
    """Add what leads back: to many rows, or to one where there can be no more."""
    target = plan.keys[key.referred_table.key]
    is_one = is_unique(planned.table, {column.name for column in key.columns})
    name = planned.one if is_one else plural(planned.one)
    same = [one for one in foreign_keys(planned.table) if one.referred_table is target.table]
    if planned is target and forward.name == "parent":
        name = "children"
    elif len(same) > 1:
        name = f"{name}_as_{forward.name}"
    name = relation_name([name, f"{name}_of_{forward.name}"], target.taken)
    back = Relation(name, planned.name, is_many=not is_one, is_optional=is_one)
    forward.options["back_populates"] = quoted(name)
    back.options["back_populates"] = quoted(forward.name)
    if "foreign_keys" in forward.options:
        back.options["foreign_keys"] = forward.options["foreign_keys"]
    deleted = (key.ondelete or "").upper()
    if deleted == "CASCADE":
        back.options["cascade"] = quoted("all, delete")
    if deleted in {"CASCADE", "SET NULL", "SET DEFAULT"}:
        back.options["passive_deletes"] = "True"
    target.relations.append(back)


def add_link(plan: Plan, variable: str, table: Table) -> None:
    """Add lists of both sides of a table of pairs."""
    first, second = (plan.keys[key.referred_table.key] for key in foreign_keys(table))
    name = relation_name([plural(second.one), f"{plural(second.one)}_by_{variable}"], first.taken)
    back = relation_name([plural(first.one), f"{plural(first.one)}_by_{variable}"], second.taken)
    for one, other, here, there in ((first, second, name, back), (second, first, back, name)):
        options = {"secondary": variable, "back_populates": quoted(there)}
        one.relations.append(Relation(here, other.name, is_many=True, options=options))


def share_columns(
    plan: Plan, planned: Planned, pairs: list[tuple[Planned, ForeignKeyConstraint, Relation]]
) -> None:
    """Tell SQLAlchemy of relations that write the same column, as keys with a tenant do."""
    overlaps: dict[int, set[str]] = {}
    for (_, first, one), (_, second, other) in combinations(pairs, 2):
        if {*first.columns} & {*second.columns}:
            both = {one.name, other.name, back_of(one), back_of(other)}
            overlaps.setdefault(id(one), set()).update(both - {one.name})
            overlaps.setdefault(id(other), set()).update(both - {other.name})
    for _, key, relation in pairs:
        if id(relation) not in overlaps:
            continue
        target = plan.keys[key.referred_table.key]
        back = next(one for one in target.relations if one.name == back_of(relation))
        names = overlaps[id(relation)] | {relation.name}
        relation.options["overlaps"] = quoted(",".join(sorted(names - {relation.name})))
        back.options["overlaps"] = quoted(",".join(sorted(names - {back.name})))


def back_of(relation: Relation) -> str:
    """Return the name of the other side."""
    return relation.options["back_populates"].strip('"')


def is_ambiguous(table: Table, other: Table) -> bool:
    """Say whether more than one foreign key lies between two tables, in either direction."""
    count = Counter(
        frozenset((one.key, key.referred_table.key))
        for one in {table, other}
        for key in foreign_keys(one)
    )
    return count[frozenset((table.key, other.key))] > 1


def is_unique(table: Table, columns: set[str]) -> bool:
    """Say whether no two rows have the same values in some columns."""
    uniques: list[Any] = [c for c in table.constraints if isinstance(c, UniqueConstraint)]
    uniques += [one for one in table.indexes if one.unique and not is_partial(one)]
    keys = [{column.name for column in one.columns} for one in (table.primary_key, *uniques)]
    return any(key and key <= columns for key in keys)


def is_partial(index: Any) -> bool:
    """Say whether an index is of some rows only."""
    return any(options.get("where") is not None for options in index.dialect_options.values())


def listed(planned: Planned, columns: Iterable[Any]) -> str:
    """Return attributes as a text that SQLAlchemy reads once all classes are there."""
    names = [f"{planned.name}.{planned.attribute(column)}" for column in columns]
    return quoted(names[0] if len(names) == 1 else f"[{', '.join(names)}]")


def quoted(text: str) -> str:
    """Return a text as it is written."""
    return f'"{text}"'
