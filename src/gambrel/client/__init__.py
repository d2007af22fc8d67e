"""An HTTP client for handlers: pooled with the app, bounded, and safe for addresses of strangers.

app = App(extensions=[HTTP()])

@app.get("/weather")
async def weather(http: HTTPClient) -> Forecast:
    return await http.load(Forecast, "https://weather.example/today")
"""

from gambrel.core.http.errors import GambrelError

try:
    from gambrel.client.clients import HTTPClient, SafeHTTPClient
    from gambrel.client.sync import SafeSyncHTTPClient, SyncHTTPClient
except ModuleNotFoundError as error:
    if error.name not in {"httpx2", "httpcore2"}:
        raise
    raise GambrelError(
        "client.not-installed",
        f"the HTTP client needs {error.name}, which is not installed",
        "gambrel.client",
        "pip install 'gambrel[client]'",
    ) from error
from gambrel.client.extension import HTTP
from gambrel.client.faults import AnswerTooLarge, CallAbandoned, CircuitOpen, UnsafeAddress

__all__ = [
    "HTTP",
    "AnswerTooLarge",
    "CallAbandoned",
    "CircuitOpen",
    "HTTPClient",
    "SafeHTTPClient",
    "SafeSyncHTTPClient",
    "SyncHTTPClient",
    "UnsafeAddress",
]
