"""The framework itself: HTTP, routing, binding, edges, and the app that assembles them.

Imports go down only: `app` over `routing`, `binding` and `edges`, those over `http`.
Nothing here knows a battery, the server, the command line or the roof.
"""
