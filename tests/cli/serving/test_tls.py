import http.client
import signal
import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from gambrel.cli.serving.tls import TLSFiles
from tests.cli.processes import PATIENCE
from tests.conftest import need

WHO = """
from gambrel import App, Request

app = App()


@app.get("/")
async def who(request: Request) -> str:
    subject = request.connection.tls["certificate"]["subject"]
    return f"{request.scheme}: {dict(part[0] for part in subject)['commonName']}"
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority, and what it has signed: a server's and a client's."""
    need("openssl")
    folder = tmp_path_factory.mktemp("keys")

    def make(name: str, subject: str, *options: str) -> None:
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-nodes"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *files, "-subj", subject]
        subprocess.run([*command, *options], cwd=folder, check=True, capture_output=True)

    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=CA:FALSE")
    make("ca", "/CN=Roof", "-addext", "keyUsage=critical,keyCertSign")
    make("server", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", *signed)
    make("client", "/CN=Ada", *signed)
    make("other", "/CN=other", "-addext", "subjectAltName=DNS:other.example", *signed)
    return folder


def pem(keys: Path, name: str) -> str:
    """Return a certificate and its key."""
    return (keys / f"{name}.pem").read_text() + (keys / f"{name}.key").read_text()


def ask(port: int, keys: Path, *, is_known: bool = True) -> str:
    context = ssl.create_default_context(cafile=keys / "ca.pem")
    if is_known:
        context.load_cert_chain(keys / "client.pem", keys / "client.key")
    client = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE, context=context)
    with closing(client):
        client.request("GET", "/")
        return client.getresponse().read().decode()


def test_a_request_over_tls_tells_whose_certificate_the_client_has(folder, start, keys):
    (folder / "app.py").write_text(WHO)
    files = {"certfile": "server.pem", "keyfile": "server.key", "client-ca": "ca.pem"}
    given = [part for name, file in files.items() for part in (f"--{name}", str(keys / file))]
    run = start("run", "--port", "0", *given)
    port = int(run.line(r"at https://127.0.0.1:(\d+)$")[1])

    assert ask(port, keys) == "https: Ada"
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(port, keys, is_known=False)


@pytest.mark.parametrize("workers", [1, 2])
def test_sighup_shows_a_new_certificate_to_new_clients(shop, start, keys, workers):
    Path("site.pem").write_text(pem(keys, "server"))
    run = start("run", "--port", "0", "--workers", workers, "--certfile", "site.pem")
    port = int(run.line(r"at https://127.0.0.1:(\d+)")[1])
    context = ssl.create_default_context(cafile=keys / "ca.pem")
    before = http.client.HTTPSConnection("localhost", port, timeout=PATIENCE, context=context)
    before.request("GET", "/")
    before.getresponse().read()
    old = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)

    Path("site.pem").write_text(pem(keys, "other"))
    run.process.send_signal(signal.SIGHUP)
    run.line("the certificate was loaded anew" if workers == 1 else "reloaded")

    assert ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE) != old
    if workers == 1:  # workers that are replaced close what is idle
        before.request("GET", "/")
        assert before.getresponse().read() == b"Hello"
    before.close()
    assert run.end() == 0


def test_the_name_that_is_asked_for_chooses_among_several(shop, start, keys):
    for name in ("server", "other"):
        Path(f"{name}.pem").write_text(pem(keys, name))
    run = start("run", "--port", "0", "--certfile", "server.pem", "--certfile", "other.pem")
    port = int(run.line(r"at https://127.0.0.1:(\d+)")[1])

    for name in ("localhost", "other.example"):
        context = ssl.create_default_context(cafile=keys / "ca.pem")
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname=name) as client,
        ):
            assert ("DNS", name) in client.getpeercert()["subjectAltName"]


def test_several_certificates_are_for_the_native_server(shop, gambrel, keys):
    one = str(keys / "server.pem")

    result = gambrel("run", "--server", "granian", "--certfile", one, "--certfile", one)

    assert result.exit_code == 2
    assert "several --certfile are for the native server" in result.stderr


def test_certificates_that_cannot_be_used_are_told_before_anything_is_served(gambrel, shop):
    Path("nonsense.pem").write_text("nothing")

    result = gambrel("run", "--port", "0", "--certfile", "nonsense.pem")

    assert result.exit_code == 1
    assert "[server.certificate]" in result.stderr


@pytest.mark.parametrize("option", ["--keyfile", "--client-ca"])
def test_a_key_without_a_certificate_is_a_wrong_command_line(gambrel, shop, option):
    Path("some.pem").write_text("something")

    result = gambrel("run", option, "some.pem")

    assert result.exit_code == 2
    assert "need --certfile" in result.stderr


def test_http3_is_for_the_server_that_speaks_it_and_needs_a_certificate(gambrel, shop):
    other = gambrel("run", "--http3")
    plain = gambrel("run", "--http3", "--server", "hypercorn")

    assert (other.exit_code, plain.exit_code) == (2, 2)
    assert "--http3 is for --server hypercorn" in other.stderr
    assert "need --certfile" in plain.stderr


@pytest.mark.parametrize(
    ("server", "options"),
    [
        ("uvicorn", "--ssl-certfile c --ssl-keyfile k --ssl-ca-certs a --ssl-cert-reqs 2"),
        ("hypercorn", "--certfile c --keyfile k --ca-certs a --verify-mode CERT_REQUIRED"),
        ("granian", "--ssl-certificate c --ssl-keyfile k --ssl-ca a --ssl-client-verify"),
    ],
)
def test_other_servers_are_told_in_their_own_words(server, options):
    assert " ".join(TLSFiles("c", "k", "a").arguments(server)) == options


def test_a_key_beside_its_certificate_is_found_by_other_servers():
    assert TLSFiles("both").arguments("uvicorn") == [
        *("--ssl-certfile", "both"),
        *("--ssl-keyfile", "both"),
    ]
