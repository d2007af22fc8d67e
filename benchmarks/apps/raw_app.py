"""The floor below every framework on granian: a bare RSGI function, everything by hand."""

from orders import Invalid, decode, encode, receipt, user

JSON = [("content-type", "application/json")]
TEXT = [("content-type", "text/plain; charset=utf-8")]


async def app(scope, protocol):
    path = scope.path
    try:
        if path == "/plaintext":
            protocol.response_str(200, TEXT, "Hello, World!")
        elif path == "/json":
            protocol.response_bytes(200, JSON, encode({"message": "Hello, World!"}))
        elif path.startswith("/users/"):
            protocol.response_bytes(200, JSON, user(path[7:], scope.query_string))
        elif path == "/orders":
            protocol.response_bytes(201, JSON, encode(receipt(decode(await protocol()))))
        else:
            protocol.response_empty(404, [])
    except (ValueError, *Invalid):
        protocol.response_bytes(422, JSON, b"{}")
