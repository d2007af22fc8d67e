"""An in-process client and what else the tests of an application need.

Drives an app through its public entry, without a socket. Never imported by the
framework itself.
"""
