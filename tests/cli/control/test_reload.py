from tests.cli.processes import get

APP = "from gambrel import App\napp = App()\n@app.get('/')\nasync def home() -> str: return '{}'\n"


def test_new_code_is_served_and_broken_code_is_not(gambrel, folder, start):
    (folder / "app.py").write_text(APP.format("one"))
    run = start("run", "--port", "0", "--control", "c.sock")
    port = run.port()

    (folder / "app.py").write_text(APP.format("other"))
    reloaded = gambrel("reload", "--control", "c.sock")
    after = get(port)[1]
    (folder / "app.py").write_text("raise RuntimeError\n")
    broken = gambrel("reload", "--control", "c.sock")

    assert (reloaded.exit_code, reloaded.output) == (0, "reloaded 1 worker\n")
    assert after == get(port)[1] == "other"
    assert broken.exit_code == 1
    assert "the old ones go on" in broken.output
    assert run.end() == 0
