import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field, json

from gambrel import GambrelError
from gambrel.sessions.session import META, Session


class Cart(Struct):
    items: list[str] = field(default_factory=list)


def again(session: Session) -> Session:
    """Return the session as the next request finds it."""
    return Session(session.record(200.0))


def test_values_are_kept_and_changes_inside_of_them_are_seen():
    session = Session()
    session["cart"] = {"items": [1]}
    later = again(session)
    later["cart"]["items"].append(2)

    assert later.changes() == ({"cart": b'{"items":[1,2]}'}, set())
    assert again(later)["cart"] == {"items": [1, 2]}


def test_what_is_only_read_changes_nothing():
    session = Session({"a": b"[1]", META: b"[1,2]"})

    assert (session["a"], session.get("b"), "a" in session, len(session)) == ([1], None, True, 1)
    assert session.changes() == ({}, set())
    assert (session.created, session.seen) == (1, 2)


@pytest.mark.parametrize(
    "read", [lambda s: "a" in s, len, list, lambda s: s.get("a"), lambda s: s.pop("a", None), bool]
)
def test_every_way_to_look_is_seen(read):
    session = Session({"a": b"1"})
    assert not session.is_touched

    read(session)

    assert session.is_touched


def test_names_are_taken_away():
    session = Session({"a": b"1", "b": b"2"})
    del session["a"]
    assert session.changes() == ({}, {"a"})
    assert ("a" in session, list(session)) == (False, ["b"])
    with pytest.raises(KeyError):
        del session["a"]

    session["a"] = 3
    assert session.changes() == ({"a": b"3"}, set())


def test_an_object_of_a_class_is_kept_and_made_anew_where_it_has_another_shape():
    session = Session()
    session.of(Cart).items.append("tea")
    later = again(session)
    assert later.of(Cart) == Cart(["tea"])
    assert later.of(Cart) is later.of(Cart)

    name = next(iter(later))
    assert Session({name: b'{"items":"none"}'}).of(Cart) == Cart()


@pytest.mark.parametrize("value", [object(), {1, object()}, print])
def test_what_json_cannot_have_is_told_where_it_is_put_in(value):
    with pytest.raises(GambrelError, match=r"session\['a'\]"):
        Session()["a"] = value


@pytest.mark.parametrize("name", ["", 3])
def test_a_name_is_a_text(name):
    with pytest.raises(TypeError):
        Session()[name] = 1
    assert name not in Session({META: b"[1,2]"})


def test_the_end_takes_everything():
    session = Session({"a": b"1"})
    session.end()

    assert (session.ends, list(session), session.changes()) == (True, [], ({}, {"a"}))


NAMES = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(st.tuples(st.sampled_from(["set", "delete", "read"]), NAMES, st.integers()))


@given(st.dictionaries(NAMES, st.integers()), STEPS)
def test_it_is_a_mapping_like_any_other(start, steps):
    plain = dict(start)
    session = Session({name: json.encode(value) for name, value in start.items()})
    for step, name, value in steps:
        if step == "set":
            plain[name] = session[name] = value
        elif step == "delete" and name in plain:
            del plain[name], session[name]
        else:
            assert session.get(name) == plain.get(name)

    assert dict(session) == plain
    assert dict(again(session)) == plain
