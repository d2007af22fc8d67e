"""The frames of a WebSocket, either side of it: what picows lets through is checked here."""
