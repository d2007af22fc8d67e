import asyncio

import httpcore2
import pytest

from gambrel.client import UnsafeAddress
from gambrel.client.addresses import PublicNetwork, is_public
from tests.client.answering import told


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.255",
        "192.0.0.8", "192.168.1.1", "198.19.0.1", "203.0.113.7", "224.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "100::1",
    ],
)  # fmt: skip
def test_what_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_what_is_public(address):
    assert is_public(address)


def connect(network: PublicNetwork, host: str, port: int = 443) -> None:
    async def main() -> None:
        async with asyncio.timeout(20):
            await network.connect_tcp(host, port, 5.0)

    asyncio.run(main())


def test_the_address_that_was_checked_is_connected_to_and_then_the_next():
    asked: list[str] = []
    network = told({"shop.example": ["8.8.8.8", "2606:4700::1111"]}, asked)

    with pytest.raises(httpcore2.ConnectError):
        connect(network, "shop.example")
    assert asked == ["8.8.8.8", "2606:4700::1111"]


def test_a_name_with_one_address_inside_is_refused():
    asked: list[str] = []
    network = told({"shop.example": ["8.8.8.8", "10.0.0.1"]}, asked)

    with pytest.raises(UnsafeAddress, match=r"shop\.example is not on the public internet"):
        connect(network, "shop.example")
    assert asked == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "::1"]
)
def test_however_this_machine_is_spelled_it_is_refused(host):
    with pytest.raises((UnsafeAddress, httpcore2.ConnectError)) as caught:
        connect(PublicNetwork(), host)
    assert "nobody" not in str(caught.value)


def test_other_ports_and_unix_sockets_are_refused():
    with pytest.raises(UnsafeAddress, match="port 22"):
        connect(PublicNetwork(), "shop.example", 22)
    with pytest.raises(UnsafeAddress):
        asyncio.run(PublicNetwork().connect_unix_socket("/run/x"))


def test_a_name_that_is_none_is_no_connection():
    with pytest.raises(httpcore2.ConnectError):
        connect(PublicNetwork(), "x" * 70 + ".example")
