"""Polls: the app of the tutorial of Django, with its pages, rules and messages."""
