"""From a method and a path to a route and its parameters, and back to a URL.

A route carries its endpoint as an opaque value: nothing here knows how a handler is
called, and nothing here imports `binding`.
"""
