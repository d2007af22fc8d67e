import contextlib
import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

from gambrel.cli.config import rows_of

SECRET = "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u"


def listed(gambrel) -> dict[str, dict[str, str]]:
    return {row["setting"]: row for row in json.loads(gambrel("config", "--json").stdout)}


def test_every_setting_has_value_origin_and_variable(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_MAX_BODY", "512")
    (shop / "gambrel.toml").write_text('hosts = ["shop.example"]\n')

    rows = listed(gambrel)

    assert (rows["max_body"]["value"], rows["max_body"]["origin"]) == ("512", "GAMBREL_MAX_BODY")
    assert (rows["hosts"]["value"], rows["hosts"]["origin"]) == (
        "shop.example",
        "gambrel.toml:1",
    )
    assert (rows["threads"]["origin"], rows["threads"]["variable"]) == (
        "default",
        "GAMBREL_THREADS",
    )


def test_secrets_are_masked(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_SECRET_KEY", SECRET)

    for options in ([], ["--json"]):
        output = gambrel("config", *options).output
        assert "GAMBREL_SECRET_KEY" in output
        assert SECRET not in output


def test_the_table_begins_with_its_columns(gambrel, shop):
    first = gambrel("config").stdout.splitlines()[0]

    assert first.split() == ["setting", "value", "origin", "description"]


def test_nothing_is_cut_where_the_output_is_no_terminal(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", "/far/away" * 20)

    assert "/far/away" * 20 in gambrel("config").stdout
    assert "…" not in gambrel("config").stdout
    assert listed(gambrel)["instance"]["value"] == "/far/away" * 20


SETTING = {
    "setting": "lending.loan_days",
    "value": "x" * 60,
    "origin": "GAMBREL_LENDING__LOAN_DAYS at .env:1",
    "description": "how long a book may be away, " * 4,
}


@pytest.mark.parametrize(("columns", "room"), [(60, 20), (120, 31)])
def test_a_terminal_has_names_and_places_whole_and_the_rest_cut(columns, room):
    [[setting, value, origin, description]] = rows_of([SETTING], columns)

    assert (setting, origin) == (SETTING["setting"], SETTING["origin"])
    assert value == "x" * 29 + "…"
    assert description == SETTING["description"][: room - 1] + "…"


def test_the_table_is_as_wide_as_the_terminal_that_shows_it(shop):
    shown, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 110, 0, 0))
    command = [sys.executable, "-m", "gambrel.cli.main", "config"]
    environ = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES"}}
    with subprocess.Popen(command, stdout=terminal, stdin=terminal, env=environ, cwd=shop) as ran:
        os.close(terminal)
        lines = read_all(shown).decode().split("\r\n")

    assert ran.returncode == 0
    assert lines[0].split()[0].endswith("setting")
    assert max(map(len, lines[1:])) <= 110
    assert any(line.endswith("…") for line in lines)


def read_all(descriptor: int) -> bytes:
    pieces = []
    with contextlib.suppress(OSError):  # EIO: the other end of a pty is closed
        while piece := os.read(descriptor, 65_536):
            pieces.append(piece)
    os.close(descriptor)
    return b"".join(pieces)


def test_variables_that_are_no_settings_are_warned_of(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_DEBUGG", "1")

    result = gambrel("config", "--json")

    assert result.exit_code == 0
    assert "warning: GAMBREL_DEBUGG is no setting" in result.stderr
    assert json.loads(result.stdout)


def test_an_app_that_does_not_build_still_shows_its_settings(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\napp = App()\n@app.get('/')\nasync def a(x) -> str: return 'a'\n"
    )

    assert gambrel("config").exit_code == 0


def test_settings_that_cannot_be_used_are_told(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_MAX_BODY", "much")

    result = gambrel("config")

    assert result.exit_code == 1
    assert "GAMBREL_MAX_BODY" in result.stderr
