"""The native server: HTTP/1.1 with its limits, time-outs, TLS and draining.

Stands just above the core and may be removed; then any ASGI server runs the same app.
It is given the entry of an app and knows nothing of routes, binding or batteries.
"""
