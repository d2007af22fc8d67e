"""What a developer sees when something fails: error pages and the watchdog.

Loaded in development only; refuses to work in production and never evaluates input.
"""
