from gambrel.cli.serving.served import SECRET, TARGET, create


def test_the_app_of_the_target_is_made_with_the_secret_of_all_workers(shop, monkeypatch):
    monkeypatch.setenv(TARGET, "app.py")
    monkeypatch.setenv(SECRET, "made-up-secret-of-more-than-32-bytes")

    app = create()

    assert [route.name for route in app.routes][:2] == ["home", "show_user"]
    assert app.settings.core.secret_keys[0].reveal() == "made-up-secret-of-more-than-32-bytes"


def test_what_is_passed_on_is_no_unknown_setting(shop, monkeypatch):
    monkeypatch.setenv(TARGET, "app.py")
    monkeypatch.setenv(SECRET, "made-up-secret-of-more-than-32-bytes")

    assert create().settings.unknown == []
