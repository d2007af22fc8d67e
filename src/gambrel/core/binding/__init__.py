"""From a handler's signature to a compiled call: arguments in, a response out.

Signatures are read once, at start-up. Only `convert.py` knows the validation library,
and nothing here imports `routing`.
"""
