"""Migrations as they are written: what models have and migrations lack, and files of it."""
