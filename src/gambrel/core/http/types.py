"""Names for the shapes of ASGI 3 (scope, receive, send) and for the small unions used with them.

The ASGI edge, the test client and mounted applications annotate with these; nothing runs here.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# ASGI leaves the values of scopes and messages open; `Any` is confined to this file.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

ADMITTED = "gambrel.admitted"
"""The extension of scopes that a Gambrel app hands to a mounted one: the Host was checked there."""
