import ssl
import stat
import sys
from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.cli.certificate import development_certificate
from gambrel.server.tls import tls_context


def shake_hands(certificate: Path, authority: Path, name: str) -> None:
    """Shake hands as a browser that trusts the authority would. Raises ssl.SSLError."""
    asking = ssl.create_default_context(cafile=authority)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = tls_context(certificate).wrap_bio(to_server, to_client, server_side=True)
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_who_trusts_the_authority_trusts_this_machine(tmp_path, name):
    certificate, authority = development_certificate(tmp_path / "new" / "folder")

    shake_hands(certificate, authority, name)


def test_it_is_for_no_other_name_and_nobody_trusts_it_by_itself(tmp_path):
    certificate, authority = development_certificate(tmp_path)

    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(certificate, authority, "shop.example")
    _, other = development_certificate(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(certificate, other, "localhost")


def test_the_authority_is_made_once_and_the_certificate_anew(tmp_path):
    certificate, authority = development_certificate(tmp_path)
    before = certificate.read_bytes(), authority.read_bytes()

    again, same = development_certificate(tmp_path)

    assert (again, same) == (certificate, authority)
    assert (certificate.read_bytes() == before[0], authority.read_bytes() == before[1]) == (
        False,
        True,
    )
    shake_hands(certificate, authority, "localhost")


def test_nobody_else_reads_the_keys(tmp_path):
    development_certificate(tmp_path / "keys")

    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "keys").iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["a file", "nonsense"])
def test_a_folder_that_cannot_be_used_is_told(tmp_path, what):
    folder = tmp_path / "keys"
    if what == "a file":
        folder.write_text("")
    else:
        development_certificate(folder)
        (folder / "authority.key").write_text("nonsense")

    with pytest.raises(GambrelError) as caught:
        development_certificate(folder)

    assert (caught.value.code, caught.value.where) == ("cli.certificate", str(folder))


def test_what_is_missing_is_told_with_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(GambrelError) as caught:
        development_certificate(tmp_path)

    assert caught.value.hint == "pip install 'gambrel[dev]'"
