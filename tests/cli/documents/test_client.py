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


def test_a_file_that_is_not_there_or_cannot_be_written_is_told_without_a_trace(gambrel, folder):
    (folder / "bom.json").write_bytes(b"\xef\xbb\xbf" + json.dumps({"openapi": "3.1.0"}).encode())

    missing = gambrel("client", "missing.json")
    address = gambrel("client", "https://shop.example/openapi.json")
    nowhere = gambrel("client", "bom.json", "--output", "nowhere/made.py")

    assert (missing.exit_code, nowhere.exit_code, address.exit_code) == (1, 1, 2)
    assert "missing.json': No such file" in missing.output
    assert "curl -o openapi.json https://shop.example/openapi.json" in address.output
    assert "nowhere/made.py': No such file" in nowhere.output
    assert gambrel("client", "bom.json").exit_code == 0
