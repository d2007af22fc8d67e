"""Responses beyond the everyday ones: files and their ranges, event streams, tables, JSON Lines."""
