from gambrel.db.migrations.nothing import NOTHING


def test_nothing_is_empty_and_gives_itself():
    assert not NOTHING
    assert list(NOTHING.execute("SELECT 1").scalars()) == []
    assert NOTHING.c["id"].type is NOTHING
    assert NOTHING.execute("UPDATE a").rowcount == 0
    with NOTHING.begin() as inner:
        assert inner is NOTHING
    assert not hasattr(NOTHING, "__len__")
