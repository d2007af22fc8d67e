"""Conditions of routes: `@app.get("/sales", when=when.accept("text/csv"))`.

The predicates of the router under one name, as `header` and `host` alone would say too little.
`when=[...]` takes several, which must all hold; `not_` turns one around.
"""

from gambrel.core.routing.predicates import accept, content_type, header, host, not_, param

__all__ = ["accept", "content_type", "header", "host", "not_", "param"]
