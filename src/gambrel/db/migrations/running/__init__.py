"""Migrations as they are run: one at a time, to their end or from where it broke."""
