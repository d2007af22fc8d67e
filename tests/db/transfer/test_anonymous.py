import pytest
from sqlalchemy import Column, MetaData, String, Table

from gambrel import GambrelError
from gambrel.db.transfer.anonymous import anonymous


def table(**kinds):
    columns = [
        Column(name, String(20), info={"personal": kind} if kind else {})
        for name, kind in kinds.items()
    ]
    return Table("people", MetaData(), *columns)


def test_marked_values_are_replaced_alike_and_others_stay():
    people = table(mail="email", name="name", phone="phone", gone="nothing", town=None)

    change = anonymous(people.metadata)

    mail = change(people.c.mail, "ann@example.com")
    assert "ann" not in mail
    assert len(mail) == 20
    assert change(people.c.mail, "ann@example.com") == mail
    assert change(people.c.mail, "bob@example.com") != mail
    assert change(people.c.name, "Ann").startswith("Person ")
    assert change(people.c.phone, "030 1").startswith("+")
    assert change(people.c.gone, "x") is None
    assert change(people.c.town, "Berlin") == "Berlin"


def test_another_copy_has_other_values():
    people = table(name="name")

    first, second = anonymous(people.metadata), anonymous(people.metadata)

    assert first(people.c.name, "Ann") != second(people.c.name, "Ann")


@pytest.mark.parametrize("people", [table(name=None), table(name="nonsense")])
def test_a_copy_that_would_hide_nothing_is_refused(people):
    with pytest.raises(GambrelError) as caught:
        anonymous(people.metadata)

    assert caught.value.code == "db.anonymous"
