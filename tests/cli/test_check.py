import json

import pytest

PROBLEMS = """
from gambrel import App
from gambrel.extend import Level, Problem

app = App()


@app.check
def check_shelves(app):
    yield Problem("shop.empty", "nothing to sell", "order", "app.py:9"{level})
"""


def test_an_app_without_problems_is_exit_code_0(gambrel, shop):
    result = gambrel("check")

    assert (result.exit_code, result.output) == (0, "no problems\n")


def test_errors_are_told_with_place_and_hint_and_exit_code_1(gambrel, folder):
    (folder / "app.py").write_text(PROBLEMS.format(level=""))

    result = gambrel("check")

    assert result.exit_code == 1
    assert result.output == (
        "[shop.empty] error: nothing to sell\n  where: app.py:9\n  hint: order\n1 error\n"
    )


def test_warnings_are_told_and_exit_code_0(gambrel, folder):
    (folder / "app.py").write_text(PROBLEMS.format(level=", Level.WARNING"))

    result = gambrel("check")

    assert result.exit_code == 0
    assert result.output.endswith("1 warning\n")


def test_deploy_asks_for_hosts_and_secret(gambrel, shop):
    result = gambrel("check", "--deploy")

    assert result.exit_code == 1
    assert "[core.hosts]" in result.output
    assert "[core.secret]" in result.output
    assert result.output.endswith("2 errors\n")


def test_a_weak_secret_does_not_pass_deploy(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_HOSTS", "shop.example")
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "changeme-changeme-changeme-changeme")

    result = gambrel("check", "--deploy")

    assert result.exit_code == 1
    assert "[core.weak-secret]" in result.output
    assert "changeme" not in result.output


def test_a_safe_app_passes_deploy(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_HOSTS", "shop.example")
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u")

    assert gambrel("check", "--deploy").exit_code == 0


@pytest.mark.parametrize("silenced", ["", "server.header_timeout"])
def test_deploy_lists_limits_weaker_than_their_defaults(gambrel, shop, monkeypatch, silenced):
    monkeypatch.setenv("GAMBREL_HOSTS", "shop.example")
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "k7Qw-29fX_plm3Zc8vTn1RbYd6HsJg4u")
    monkeypatch.setenv("GAMBREL_SERVER__HEADER_TIMEOUT", "60")
    monkeypatch.setenv("GAMBREL_SERVER__IDLE_TIMEOUT", "5")
    monkeypatch.setenv("GAMBREL_SILENCED_CHECKS", silenced)

    result = gambrel("check", "--deploy")

    told = "server.header_timeout is 60, weaker than its default, 10" in result.output
    assert (result.exit_code, told) == (0, not silenced)
    assert "idle_timeout" not in result.output


@pytest.mark.parametrize("level", ["", ", Level.WARNING"])
def test_json_is_for_machines(gambrel, folder, level):
    (folder / "app.py").write_text(PROBLEMS.format(level=level))

    result = gambrel("check", "--json")

    assert json.loads(result.output) == [
        {
            "id": "shop.empty",
            "level": "warning" if level else "error",
            "message": "nothing to sell",
            "hint": "order",
            "where": "app.py:9",
        }
    ]


def test_an_app_that_does_not_build_is_exit_code_1(gambrel, folder):
    (folder / "app.py").write_text(
        "from gambrel import App\napp = App()\n@app.get('/')\nasync def a(x) -> str: return 'a'\n"
    )

    result = gambrel("check")

    assert result.exit_code == 1
    assert "[binding.unannotated]" in result.stderr


def test_a_key_that_no_signer_takes_is_exit_code_1(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_SECRET_KEY", "k7Qw-29fX")

    checked, run = gambrel("check"), gambrel("run", "--port", "0")

    assert (checked.exit_code, run.exit_code) == (1, 1)
    assert "[core.short-secret]" in checked.output
    assert "[core.short-secret]" in run.stderr


def test_a_lifespan_that_never_yields_is_told(gambrel, folder):
    source = "from gambrel import App\n\napp = App()\n\n\n"
    (folder / "app.py").write_text(source + "@app.lifespan\nasync def store():\n    pass\n")

    result = gambrel("check")

    assert result.exit_code == 1
    assert "[lifespan.shape] error: store opens something" in result.output
    assert "where: app.py:6" in result.output
