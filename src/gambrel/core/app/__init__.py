"""Assembly: declare through the door, build and freeze, then serve.

The top of the core. It joins routes to their compiled calls, folds the middleware, holds
the error boundary and the lifespan. It knows extensions only by their protocol.
"""
