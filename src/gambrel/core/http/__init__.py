"""HTTP as data: requests, responses, headers, URLs, cookies, bodies, errors.

The ground floor, usable without the rest. It knows no route, no handler and no app.
"""
