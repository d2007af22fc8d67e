"""Header fields with a grammar of their own: values, preferences, validators, cookies.

Parsed from text and rendered to it; they know errors and nothing of requests and responses.
"""
