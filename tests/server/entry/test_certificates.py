import asyncio
import shutil
import signal
import ssl
import subprocess
from pathlib import Path

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.server.entry.certificates import Certificates, Pair
from tests.conftest import need
from tests.server.apps import echo_app
from tests.server.live import Client, Live, request, run, serving, until


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Return a folder of certificates with their keys: the name of a file is that in it."""
    need("openssl")
    folder = tmp_path_factory.mktemp("certificates")
    for file, names in {
        "one": ["localhost", "one.example"],
        "two": ["two.example", "*.two.example"],
        "client": ["client.example"],
    }.items():
        alternatives = ",".join(f"DNS:{name}" for name in names)
        usage = "clientAuth" if file == "client" else "serverAuth"
        subject = ["-subj", f"/CN={file}", "-addext", f"subjectAltName={alternatives}"]
        subject += ["-days", "2", "-addext", f"extendedKeyUsage={usage}"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject]
        files = ["-keyout", f"{file}.key", "-out", f"{file}.crt"]
        subprocess.run([*command, *files], cwd=folder, check=True, capture_output=True)
        both = (folder / f"{file}.crt").read_text() + (folder / f"{file}.key").read_text()
        (folder / f"{file}.pem").write_text(both)
    return folder


@pytest.fixture
def file(made, tmp_path) -> Path:
    """Return a certificate that can be replaced."""
    return Path(shutil.copy(made / "one.pem", tmp_path / "site.pem"))


async def shake(live: Live, name: str | None = "localhost") -> Client:
    """Connect, believing whatever is shown."""
    trust = ssl.create_default_context()
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", live.port, ssl=trust, server_hostname=name or ""
    )
    return Client(reader, writer)


def shown(client: Client) -> bytes:
    return client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)


def der(file: Path) -> bytes:
    text = file.read_text()
    return ssl.PEM_cert_to_DER_cert(text[: text.index("-----BEGIN PRIVATE")])


def test_a_new_certificate_is_for_new_handshakes_and_open_connections_stay(made, file):
    told: list[str] = []

    async def main() -> tuple[list[bytes], list[int]]:
        certificates = Certificates([Pair(file)], tell=told.append)
        app, tls = echo_app()[0], certificates.context
        async with serving(app, tls=tls) as live, await shake(live) as before:
            shutil.copy(made / "two.pem", file)
            certificates.reload()
            async with await shake(live) as after:
                statuses = []
                for client in (before, after):
                    await client.send(request("GET", "/"))
                    statuses.append((await client.answer()).status)
                return [shown(before), shown(after)], statuses

    certificates, statuses = run(main())

    assert certificates == [der(made / "one.pem"), der(made / "two.pem")]
    assert statuses == [200, 200]
    assert told == ["the certificate was loaded anew"]


@pytest.mark.parametrize("broken", ["nothing", None])
def test_what_cannot_be_loaded_leaves_the_old_one_and_is_told(made, file, broken):
    told: list[str] = []

    async def main() -> bytes:
        certificates = Certificates([Pair(file)], tell=told.append)
        async with serving(echo_app()[0], tls=certificates.context) as live:
            if broken is None:
                file.unlink()
            else:
                file.write_text(broken)
            assert not certificates.reload()
            async with await shake(live) as client:
                return shown(client)

    assert run(main()) == der(made / "one.pem")
    assert len(told) == 1
    assert told[0].startswith("the certificate stays as it was: ")
    assert str(file) in told[0]


def test_a_key_of_another_certificate_leaves_the_old_one(made, tmp_path):
    paths = [tmp_path / "c.pem", tmp_path / "k.pem"]
    shutil.copy(made / "one.crt", paths[0])
    shutil.copy(made / "one.key", paths[1])
    certificates = Certificates([Pair(*paths)])

    shutil.copy(made / "two.crt", paths[0])

    assert not certificates.reload()
    shutil.copy(made / "two.key", paths[1])
    assert certificates.reload()


def test_files_that_have_changed_are_loaded_once_they_stay_as_they_are(made, file):
    told: list[str] = []
    certificates = Certificates([Pair(file)], tell=told.append)

    def look(times: int = 1) -> int:
        for _ in range(times):
            certificates.look()
        return len(told)

    assert look(3) == 0
    file.write_text("half of it")
    assert look() == 0  # somebody may still be writing
    shutil.copy(made / "two.pem", file)
    assert look() == 0
    assert look(5) == 1
    file.write_text("nothing")
    assert look(5) == 2  # told once
    shutil.copy(made / "one.pem", file)
    assert look(5) == 3
    assert [line.split(":")[0] for line in told] == [
        "the certificate was loaded anew",
        "the certificate stays as it was",
        "the certificate was loaded anew",
    ]


def test_a_running_server_follows_its_files_and_sighup(made, file):
    told: list[str] = []

    async def main() -> list[bytes]:
        certificates, found = Certificates([Pair(file)], tell=told.append), []
        async with serving(echo_app()[0], tls=certificates.context) as live:
            certificates.follow(every=0.01)
            shutil.copy(made / "two.pem", file)
            await until(lambda: len(told) == 1)
            async with await shake(live) as client:
                found.append(shown(client))
            signal.raise_signal(signal.SIGHUP)
            await until(lambda: len(told) == 2)
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        return found

    assert run(main()) == [der(made / "two.pem")]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("localhost", "one"),
        ("one.example", "one"),
        ("two.example", "two"),
        ("TWO.example", "two"),
        ("a.two.example", "two"),
        ("a.b.two.example", "one"),
        ("three.example", "one"),
        (None, "one"),
    ],
)
def test_the_name_that_a_client_asks_for_chooses_among_several(made, asked, answered):
    async def main() -> bytes:
        certificates = Certificates([Pair(made / "one.pem"), Pair(made / "two.pem")])
        app, tls = echo_app()[0], certificates.context
        async with serving(app, tls=tls) as live, await shake(live, asked) as client:
            return shown(client)

    assert run(main()) == der(made / f"{answered}.pem")


def test_among_several_one_that_is_not_for_servers_is_refused(made):
    with pytest.raises(GambrelError, match="cannot be used") as caught:
        Certificates([Pair(made / "one.pem"), Pair(made / "client.pem")])

    assert caught.value.where == str(made / "client.pem")
