from typing import Any

import pytest

from gambrel import App, GambrelError
from gambrel.observability.insiders import Insiders
from gambrel.testing import make_request


def admits(insiders: Insiders, peer: str = "127.0.0.1", app: Any = None, **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return insiders.admits(make_request(headers=named, peer=(peer, 1), app=app))


def behind_proxy() -> App:
    app = App(defaults=(), trusted_proxies=["10.0.0.1"])
    app.build()
    return app


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_inside(peer: str):
    assert admits(Insiders(), peer)


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "fe80::1", "::ffff:192.0.2.7", "here"])
def test_other_machines_are_outside(peer: str):
    assert not admits(Insiders(), peer)


def test_a_network_is_inside():
    insiders = Insiders(["10.0.0.0/8"])

    assert admits(insiders, "10.1.2.3")
    assert not admits(insiders, "11.1.2.3")
    assert not admits(insiders, "127.0.0.1")


@pytest.mark.parametrize("name", ["x_forwarded_for", "forwarded", "x_real_ip", "via"])
def test_what_an_unknown_proxy_on_this_machine_passes_on_is_outside(name: str):
    assert not admits(Insiders(), **{name: "127.0.0.1"})


def test_behind_a_trusted_proxy_the_client_counts():
    insiders = Insiders(["192.0.2.0/24"])
    app = behind_proxy()

    assert admits(insiders, "10.0.0.1", app, x_forwarded_for="192.0.2.7")
    assert not admits(insiders, "10.0.0.1", app, x_forwarded_for="198.51.100.7")


def test_nonsense_of_a_proxy_is_outside():
    insiders = Insiders(["0.0.0.0/0"])

    assert not admits(insiders, "10.0.0.1", behind_proxy(), x_forwarded_for=", ".join(["x"] * 40))


def test_a_token_is_enough():
    insiders = Insiders([], "a token of some length")

    assert admits(insiders, "192.0.2.7", authorization="Bearer a token of some length")
    assert admits(insiders, "192.0.2.7", authorization="bearer  a token of some length ")
    assert not admits(insiders, "192.0.2.7", authorization="Bearer another")
    assert not admits(insiders, "192.0.2.7", authorization="Basic a token of some length")
    assert not admits(insiders, "192.0.2.7", authorization="Bearer \xff")
    assert not admits(insiders)


def test_an_empty_token_is_nobodys():
    assert not admits(Insiders([]), authorization="Bearer ")


def test_everybody_is_told_from_a_network():
    assert Insiders(["0.0.0.0/0"]).is_open
    assert not Insiders(["10.0.0.0/8"]).is_open


def test_what_is_no_network_is_refused():
    with pytest.raises(GambrelError, match=r"10\.0\.0\.1/8") as caught:
        Insiders(["10.0.0.1/8"])

    assert caught.value.code == "observability.network"
