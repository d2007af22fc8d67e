import math

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

    assert (session.ends, list(session), session.changes()) == (True, [], ({}, set()))


def test_what_is_set_after_the_end_is_kept_though_it_was_there_before():
    session = Session({"user": b"7", "cart": b"[1]"})
    session.end()

    session["user"] = 7

    assert session.changes() == ({"user": b"7"}, set())
    assert set(session.record(5.0)) == {META, "user"}


def test_it_is_read_when_it_is_touched_and_once():
    asked = []

    def find():
        asked.append(1)
        return {"a": b"1"}, ("session", "x")

    session = Session(find=find)

    assert (session.is_touched, asked) == (False, [])
    assert (session["a"], len(session), session.is_known) == (1, 1, True)
    assert asked == [1]
    assert session.cookie == ("session", "x")


@pytest.mark.parametrize(
    "ask",
    [
        lambda session: "a" in session,
        len,
        bool,
        list,
        lambda session: session.is_known,
        lambda session: session.get("a"),
        lambda session: session.pop("a", None),
        lambda session: session.setdefault("a", 1),
        lambda session: session.of(dict),
        lambda session: session.rotate(),
        lambda session: session.end(),
    ],
)
def test_who_asks_in_any_way_has_touched_it(ask):
    session = Session()

    ask(session)

    assert session.is_touched


def test_a_closed_session_is_read_on_but_not_changed():
    session = Session({"a": b"1"})
    session.touch()
    session.close()

    assert session["a"] == 1
    for change in (lambda: session.update(b=1), session.rotate, session.end, session.clear):
        with pytest.raises(GambrelError, match=r"sessions\.too-late"):
            change()


def test_a_closed_session_that_nobody_looked_at_is_not_read_now():
    session = Session({"a": b"1"})
    session.close()

    with pytest.raises(GambrelError, match="read when its handler had ended"):
        len(session)


def test_a_value_within_itself_is_told():
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(GambrelError, match=r"sessions\.value"):
        Session()["a"] = endless


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


def test_to_ask_when_a_session_was_begun_is_to_look_at_it():
    found = {"": b"[1000,2000]", "a": b"1"}
    session = Session(now=5_000, find=lambda: (found, ("session", "x")))

    assert (session.created, session.seen) == (1_000, 2_000)
    assert session.is_touched


@pytest.mark.parametrize("value", [math.nan, [1.0, -math.inf], {"a": {"b": math.nan}}])
def test_a_number_that_json_has_not_is_refused(value):
    session = Session()

    with pytest.raises(GambrelError, match="JSON cannot have"):
        session["a"] = value
    session["a"] = [None, "null", 1.5]
