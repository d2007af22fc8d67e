from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, MetaData, Table
from sqlalchemy.dialects import sqlite

from gambrel.db.inspection.plan import plan_of
from gambrel.db.inspection.reading import Found
from gambrel.db.inspection.relations import add_relations


def relations(*tables):
    """Return what leads from each class to others: `Hero.team: Team`."""
    plan = plan_of(Found([*tables], [], sqlite.dialect()))
    add_relations(plan)
    return {
        f"{planned.name}.{one.name}": f"list[{one.target}]" if one.is_many else one.target
        for planned in plan.classes
        for one in planned.relations
    }


def table(metadata, name, *columns):
    return Table(name, metadata, Column("id", Integer, primary_key=True), *columns)


def test_a_key_is_named_by_its_column_and_by_many_rows_on_the_other_side():
    metadata = MetaData()
    artists = table(metadata, "artists")
    albums = table(metadata, "albums", Column("artist_id", ForeignKey("artists.id")))

    assert relations(artists, albums) == {
        "Artist.albums": "list[Album]",
        "Album.artist": "Artist",
    }


def test_a_relation_has_a_name_that_python_allows():
    metadata = MetaData()
    keys = [Column(name, ForeignKey("1as.id")) for name in ("from_id", "class_id", "list_id")]
    found = relations(table(metadata, "1as"), table(metadata, "moves", *keys))

    assert all(name.partition(".")[2].isidentifier() for name in found)
    assert {"Move.from_", "Move.class_", "Move.list_"} <= {*found}


def test_two_keys_to_the_same_table_are_told_apart():
    metadata = MetaData()
    users = table(metadata, "users")
    keys = [Column(name, ForeignKey("users.id")) for name in ("sender_id", "receiver_id")]
    messages = table(metadata, "messages", *keys)

    assert relations(users, messages) == {
        "User.messages_as_sender": "list[Message]",
        "User.messages_as_receiver": "list[Message]",
        "Message.sender": "User",
        "Message.receiver": "User",
    }


def test_a_row_that_leads_to_one_of_its_own_table_has_a_parent_and_children():
    metadata = MetaData()
    nodes = table(metadata, "nodes", Column("parent_id", ForeignKey("nodes.id")))

    assert relations(nodes) == {"Node.parent": "Node", "Node.children": "list[Node]"}


def test_a_key_that_is_unique_leads_back_to_one():
    metadata = MetaData()
    people = table(metadata, "people")
    key = Column("person_id", ForeignKey("people.id"), primary_key=True)
    passports = Table("passports", metadata, key)

    assert relations(people, passports)["Person.passport"] == "Passport"


def test_keys_that_share_the_tenant_are_named_by_the_rest():
    metadata = MetaData()
    ids = [Column("tenant_id", Integer, primary_key=True), Column("id", Integer, primary_key=True)]
    people = Table("people", metadata, *ids)
    orders = Table(
        "orders",
        metadata,
        *(one._copy() for one in ids),
        Column("buyer_id", Integer),
        Column("seller_id", Integer),
        ForeignKeyConstraint(["tenant_id", "buyer_id"], ["people.tenant_id", "people.id"]),
        ForeignKeyConstraint(["tenant_id", "seller_id"], ["people.tenant_id", "people.id"]),
    )

    assert set(relations(people, orders)) == {
        "Person.orders_as_buyer",
        "Person.orders_as_seller",
        "Order.buyer",
        "Order.seller",
    }


def test_a_name_that_a_column_has_is_left_to_it():
    metadata = MetaData()
    teams = table(metadata, "teams")
    heroes = table(
        metadata, "heroes", Column("team", Integer), Column("team_id", ForeignKey("teams.id"))
    )

    assert relations(teams, heroes)["Hero.team_team"] == "Team"
