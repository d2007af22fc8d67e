"""The floor of the sockets: picows and its callback, no handler, no queue, no limits."""

import os

import uvloop
from picows import (
    WSListener,
    WSMsgType,
    WSUpgradeResponse,
    WSUpgradeResponseWithListener,
    ws_create_server,
)


class Echo(WSListener):
    def on_ws_frame(self, transport, frame):
        if frame.msg_type is WSMsgType.TEXT:
            transport.send(WSMsgType.TEXT, frame.get_payload_as_bytes())


def listener_of(request):
    if request.path == b"/ws":
        return Echo()
    return WSUpgradeResponseWithListener(WSUpgradeResponse.create_ok_response(b"Hello"), None)


async def main():
    server = await ws_create_server(listener_of, "127.0.0.1", int(os.environ["PORT"]))
    await server.serve_forever()


uvloop.run(main())
