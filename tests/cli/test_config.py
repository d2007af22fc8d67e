import json

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


def test_the_table_fits_a_terminal_and_json_has_all(gambrel, shop, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", "/far/away" * 20)

    assert max(map(len, gambrel("config").stdout.splitlines())) <= 100
    assert listed(gambrel)["instance"]["value"] == "/far/away" * 20


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
