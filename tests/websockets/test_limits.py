from gambrel.websockets.limits import Limits


def test_a_socket_is_bounded_unless_it_is_told_otherwise():
    limits = Limits()

    assert all(getattr(limits, name) > 0 for name in Limits.__struct_fields__ if name != "compress")
    assert limits.max_message == 1 << 20
