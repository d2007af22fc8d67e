import asyncio

from picows import WSListener

from gambrel.frames.protocol import client_protocol
from tests.server.live import run
from tests.websockets.others import bare, opening


def test_a_client_asks_and_takes_the_answer():
    async def main() -> tuple[bytes, str]:
        async with bare(opening(b"X-Key: k")) as (url, asked):
            answers = []

            def listen(_request, response) -> WSListener:
                answers.append(response)
                return WSListener()

            fields = [("x-mine", "yes")]
            port = int(url.split(":")[2].split("/")[0])
            transport, protocol = await asyncio.get_running_loop().create_connection(
                lambda: client_protocol("a.example", "/path?q=1", listen, 100, fields),
                "127.0.0.1",
                port,
            )
            await protocol.wait_until_handshake_complete()
            transport.abort()
            return asked[0], answers[0].headers["x-key"]

    asked, key = run(main())

    assert asked.startswith(b"GET /path?q=1 HTTP/1.1\r\nHost: a.example\r\n")
    assert b"\r\nx-mine: yes\r\n" in asked
    assert key == "k"
