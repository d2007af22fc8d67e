"""Conversion: between texts, bytes and typed values, with every fault told, and types as schemas.

A ground floor of its own: it knows types and values, no protocol, no request, no app. Compilers
run at start-up, one per annotation; what they return runs per request.
"""
