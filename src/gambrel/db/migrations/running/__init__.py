"""Migrations as they are run: one at a time, by one process, to their end or from where it broke."""
