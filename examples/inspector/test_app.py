"""A server in a process of its own, inspected through its socket."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from inspector.app import Inspector

from gambrel import App, Secret
from gambrel.testing import Client

HELLO = (
    "from gambrel import App\napp = App()\n@app.get('/')\nasync def home() -> str: return 'hi'\n"
)


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "app.py").write_text(HELLO)
    path = folder / "c.sock"
    command = [sys.executable, "-m", "gambrel.cli.main", "run", "app.py", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--workers", "2", "--control", str(path)],
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert re.search("Gambrel serves", server.stdout.readline())
    yield path
    if server.poll() is None:
        server.terminate()
    server.wait(60)
    server.stdout.close()


def inspecting(path: Path, **headers: str) -> Client:
    app = App(extensions=[Inspector(control=str(path), key=Secret("open-sesame"))])
    return Client(app, headers={"authorization": "Bearer open-sesame", **headers})


def states(answer: dict) -> list[str]:
    return [worker["state"] for worker in answer["workers"]]


def test_the_workers_are_shown_scaled_reloaded_and_balanced(control):
    with inspecting(control) as client:
        first = client.get("/").json()
        scaled = client.post("/scale", json={"replicas": 3}).json()
        reloaded = client.post("/reload").json()
        balanced = client.post("/balance", json={"per_worker": 100}).json()

    assert states(first) == ["ready", "ready"]
    assert states(scaled).count("ready") == 3
    assert {w["pid"] for w in reloaded["workers"] if w["state"] == "ready"}.isdisjoint(
        {w["pid"] for w in scaled["workers"]}
    )
    assert balanced["wanted"] == 1


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic open-sesame", "Bearer é"])
def test_nobody_looks_without_the_key(control, key):
    with inspecting(control, authorization=key.encode("latin-1")) as client:
        answers = [client.get("/"), client.post("/shutdown")]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert control.exists()


def test_a_number_that_is_none_is_refused(control):
    with inspecting(control) as client:
        assert client.post("/scale", json={"replicas": 0}).status_code == 422


def test_a_server_that_is_not_there_is_told(tmp_path):
    with inspecting(tmp_path / "nobody", accept="application/json") as client:
        assert client.get("/").status_code == 502


def test_a_key_is_made_up_where_none_is_set(capsys, tmp_path):
    with Client(App(extensions=[Inspector(control=str(tmp_path / "nobody"))])) as client:
        assert client.get("/").status_code == 401

    assert "the key is " in capsys.readouterr().err


def test_shutting_down_ends_the_server(control):
    with inspecting(control) as client:
        assert client.post("/shutdown").json()["is_stopping"]
        while control.exists():
            client.get("/")
