"""Methods, request targets, routing and the Host: what becomes of the first lines of a message."""

# ruff: noqa: E501 - a table: one case, one line
# fmt: off

from tests.conformance.cases import Case, body, both, header, json_of, refused
from tests.conformance.wire import message

METHODS = [
    Case("GET", message("/ping"), 200, body("pong")),
    Case("POST to GET is 405", message("/ping", "POST", body=b""), 405, header("allow", "GET, HEAD, OPTIONS")),
    Case("DELETE to GET and POST is 405", message("/page", "DELETE"), 405, header("allow", "GET, HEAD, OPTIONS, POST")),
    Case("HEAD has the head of GET", message("/ping", "HEAD"), 200, both(body(b""), header("content-length", "4")), "HEAD"),
    Case("HEAD keeps an explicit length", message("/file", "HEAD"), 200, both(body(b""), header("content-length", "100")), "HEAD"),
    Case("HEAD of what is not there", message("/nowhere", "HEAD"), 404, body(b""), "HEAD"),
    Case("HEAD of a stream", message("/stream", "HEAD"), 200, body(b""), "HEAD"),
    Case("OPTIONS tells the methods", message("/page", "OPTIONS"), 204, header("allow", "GET, HEAD, OPTIONS, POST")),
    Case("OPTIONS of what is not there", message("/nowhere", "OPTIONS"), 404),
    Case("OPTIONS of the server", message("*", "OPTIONS"), 204, header("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), "OPTIONS"),
    Case("QUERY is safe and has a body", message("/echo", "QUERY", body=b"q"), 200, json_of(1, "size")),
    Case("PUT", message("/echo", "PUT", body=b"p"), 200, json_of("PUT", "method")),
    Case("a known method nobody takes", message("/ping", "PROPFIND"), 405),
    refused("TRACE", message("/ping", "TRACE", ["Cookie: a=b"]), 405),
    refused("CONNECT", message("localhost:80", "CONNECT"), 501, uvicorn=400),
    refused("an unknown method", message("/ping", "FOO_BAR"), 501, uvicorn=400),
    refused("a method in lower case", message("/ping", "get"), 501, uvicorn=400, hypercorn=200),
    refused("a very long method", message("/ping", "G" * 60_000), (400, 414, 501)),
    refused("a method that is an attribute", message("/ping", "__class__"), 501, uvicorn=400),
]

PATHS = [
    Case("a path is decoded once", message("/rest/a%2525b"), 200, json_of("a%25b", "rest")),
    Case("an escaped slash is data", message("/segment/a%2Fb"), 200, json_of("a/b", "name")),
    Case("raw_path is as sent", message("/rest/%41%2f"), 200, json_of("/rest/%41%2f", "raw_path")),
    Case("UTF-8", message("/segment/%E2%82%AC"), 200, json_of("€", "name")),
    Case("a semicolon is data", message("/segment/a;b=c"), 200, json_of("a;b=c", "name")),
    Case("dots match nothing", message("/rest/a/../b"), 404),
    Case("dots do not lead to another route", message("/rest/../admin"), 404),
    Case("escaped dots match nothing", message("/rest/%2e%2e/admin"), 404),
    Case("a double slash is no other path", message("//ping"), 404),
    Case("double slashes match nothing", message("/rest/a//b"), 404),
    Case("plus is a plus in a path", message("/segment/a+b"), 200, json_of("a+b", "name")),
    Case("NUL in a path", message("/rest/%00"), 400),
    Case("a newline in a path", message("/ping%0a"), 400),
    Case("a carriage return in a path", message("/rest/a%0Db"), 400),
    Case("a path that is not UTF-8", message("/rest/%ff"), 400),
    Case("an overlong escape", message("/rest/%C0%AF"), 400),
    Case("a surrogate", message("/rest/%ED%A0%80"), 400),
    Case("an escape that is cut off", message("/rest/a%4"), 400),
    Case("an escape that is none", message("/rest/a%zz"), 400),
    *[Case(f"{odd} unescaped in a path", message(f"/rest/a{odd}b"), 400) for odd in '\\"<>`'],
    Case("odd characters in a query", message('/ping?a="<>`\\'), 200, body("pong"), differs={"granian": 400}),
    refused("raw bytes in a path", message(b"/rest/\xff")),
    refused("raw UTF-8 in a path", message("/rest/é".encode())),
    refused("a target without a slash", message("ping")),
    refused("a control character", message(b"/rest/\x01")),
    refused("a fragment", message("/ping#part"), uvicorn=200, granian=200),
    refused("an asterisk is for OPTIONS", message("*")),
    refused("a target of 9 kB", message("/rest/" + "a" * 9000), 414),
]

# T-C33-1: nothing but its own path leads to a route.
DISGUISES = [
    Case(f"{path} is not /admin", message(path), 404)
    for path in ("/admin;x", "/./admin", "/ADMIN", "/x/../admin", "/admin/.", "/admin%20", "/admin.", "/%2fadmin", "/admin%2f", "/admin%252f", "/admin//")
] + [
    Case("an escaped letter is that letter", message("/%61dmin"), 200, body("admin")),
    Case("/admin with a newline", message("/admin%0a"), 400),
]

SLASHES = [
    Case("a slash is added", message("/folder?a=b"), 308, header("location", "/folder/?a=b")),
    Case("a slash is removed", message("/page/"), 308, header("location", "/page")),
    Case("for other methods too", message("/page/", "POST", body=b""), 308, header("location", "/page")),
    Case("no redirect leaves the site", message("//example.com/page/"), 404),
    Case("no redirect to what is not there", message("/nowhere/"), 404),
]

HOSTS = [
    Case("a host", message("/echo", host="example.com"), 200, json_of("example.com", "host")),
    Case("a host below", message("/ping", host="a.example.org"), 200),
    Case("a port", message("/ping", host="localhost:8000"), 200),
    Case("a trailing dot", message("/ping", host="EXAMPLE.com."), 200),
    Case("a host is told as it is compared", message("/echo", host="EXAMPLE.com."), 200, both(json_of("example.com", "host"), json_of("http://example.com/echo", "url"))),
    Case("the scheme's own port is left out of the URL", message("/echo", host="LOCALHOST:80"), 200, both(json_of("localhost:80", "host"), json_of("http://localhost/echo", "url"))),
    Case("HTTP/1.0 with a Host", message("/ping", version="1.0"), 200, body("pong")),
    refused("no Host", message("/ping", host=None)),
    refused("no Host, HTTP/1.0", message("/ping", host=None, version="1.0")),
    refused("two Hosts", message("/ping", headers=["Host: example.com"])),
    refused("two Hosts that agree", message("/ping", headers=["Host: localhost"])),
    refused("an empty Host", message("/ping", host="")),
    refused("no Host but X-Forwarded-Host", message("/ping", headers=["X-Forwarded-Host: localhost"], host=None)),
    *[
        refused(f"Host {host!r}", message("/ping", host=host))
        for host in (
            "evil.com", "a/b?c#d@e", "a b", "localhost:80:80", "user:p@localhost", "localhost\x00", "localhost\tx",
            "example.com.evil", "exampleXcom", "evil-example.org", "localhost:", "localhost:x",
            "localhost:99999", "localhost, example.com", "[::1", "127.1", "0x7f.0.0.1", "ex\xe4mple.com",
        )
    ],
    Case("an absolute target of the same host", message("http://localhost/ping"), 200, body("pong")),
    refused("an absolute target of another host", message("http://example.com/ping"), uvicorn=200, granian=200),
    refused("an absolute target of a foreign host", message("http://evil.com/ping", host="evil.com")),
    refused("another scheme", message("ftp://localhost/ping"), uvicorn=200, granian=200),
    Case("X_Forwarded_For is dropped", message("/echo", headers=["X_Forwarded_For: 1.2.3.4", "X-Forwarded-For: 5.6.7.8"]), 200, lambda a: "1.2.3.4" not in a.text and a.json["client"] == "127.0.0.1"),
    Case("names with underscores are dropped", message("/echo", headers=["Remote_User: root", "X_CSRF_Token: t"]), 200, lambda a: "root" not in a.text and "csrf" not in a.text),
    Case("nobody forwards here", message("/echo", headers=["Forwarded: for=1.2.3.4;proto=https;host=evil.com", "X-Forwarded-Host: evil.com", "X-Forwarded-Proto: https", "X-Real-IP: 1.2.3.4", "X-Forwarded-Prefix: /evil"]), 200, both(json_of("127.0.0.1", "client"), json_of("http", "scheme"), json_of("http://localhost/echo", "url"))),
]
