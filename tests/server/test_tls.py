import ssl

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.server.tls import tls_context


def test_old_versions_of_tls_are_not_spoken(certificate):
    context = tls_context(*certificate)

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_certificate_and_key_may_stand_in_one_file(certificate, tmp_path):
    both = tmp_path / "both.pem"
    both.write_text(certificate[0].read_text() + certificate[1].read_text())

    assert isinstance(tls_context(both), ssl.SSLContext)


def test_files_that_cannot_be_used_are_named(certificate, tmp_path):
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")

    for files in ((tmp_path / "missing.pem",), (nonsense,), (certificate[0], nonsense)):
        with pytest.raises(GambrelError) as failure:
            tls_context(*files)
        assert failure.value.code == "server.certificate"
        assert str(files[-1]) in failure.value.where


def test_clients_are_asked_for_a_certificate_where_somebody_vouches_for_it(certificate, tmp_path):
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")

    usual, strict = tls_context(*certificate), tls_context(*certificate, client_ca=certificate[0])
    with pytest.raises(GambrelError, match="cannot be used"):
        tls_context(*certificate, client_ca=nonsense)

    assert [usual.verify_mode, strict.verify_mode] == [ssl.CERT_NONE, ssl.CERT_REQUIRED]
