"""Responses beyond the everyday ones: JSON Lines. Files and event streams are batteries."""
