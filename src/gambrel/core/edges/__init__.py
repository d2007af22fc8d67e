"""Where the wire becomes a `Request` and a `Response` becomes the wire.

An edge reads a request, calls the one entry it was given and writes the answer. It knows
no route, no handler and no app. The native server has its own edge in `gambrel.server`.
"""
