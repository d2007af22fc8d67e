"""The floor below Gambrel's own server: a bare protocol on uvloop and httptools, all by hand."""

import asyncio
import os

import uvloop
from httptools import HttpRequestParser, parse_url
from orders import Invalid, decode, encode, receipt, user

JSON = b"application/json"


class Protocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_message_begin(self):
        self.body = b""

    def on_url(self, url):
        self.url = url

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        try:
            self.answer(parse_url(self.url))
        except (ValueError, *Invalid):
            self.send(b"422 Unprocessable Content", JSON, b"{}")

    def answer(self, url):
        path = url.path
        if path == b"/plaintext":
            self.send(b"200 OK", b"text/plain; charset=utf-8", b"Hello, World!")
        elif path == b"/json":
            self.send(b"200 OK", JSON, encode({"message": "Hello, World!"}))
        elif path.startswith(b"/users/"):
            query = (url.query or b"").decode()
            self.send(b"200 OK", JSON, user(path[7:].decode(), query))
        elif path == b"/orders":
            self.send(b"201 Created", JSON, encode(receipt(decode(self.body))))
        else:
            self.send(b"404 Not Found", JSON, b"{}")

    def send(self, status, media_type, body):
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
            % (status, media_type, len(body), body)
        )


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


uvloop.run(main())
