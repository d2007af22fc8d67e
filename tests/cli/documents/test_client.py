import json


def test_a_client_is_written_for_an_app(gambrel, shop):
    result = gambrel("client", "app.py", "--name", "shop")

    assert result.exit_code == 0
    assert "class Shop(Service):" in result.output
    assert "async def show_user(self, id: int, *, page: int = 1) -> str:" in result.output


def test_a_client_is_written_for_a_document_into_a_file(gambrel, shop):
    document = gambrel("openapi").stdout_bytes
    (shop / "openapi.json").write_bytes(document)

    result = gambrel("client", "openapi.json", "--output", "made.py")

    assert (result.exit_code, result.output) == (0, "")
    compile((shop / "made.py").read_text(), "made.py", "exec")


def test_what_is_no_document_is_told(gambrel, folder):
    (folder / "bad.json").write_text("[")
    (folder / "old.json").write_text(json.dumps({"swagger": "2.0"}))

    assert gambrel("client", "bad.json").exit_code == 2
    assert "client.no-document" in gambrel("client", "old.json").output
