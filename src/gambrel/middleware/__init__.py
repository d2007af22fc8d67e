"""Middleware that most applications want, one file each.

Every file is a function from a request and the next step to a response, testable without
an app. Only `extension.py` knows the door.
"""
