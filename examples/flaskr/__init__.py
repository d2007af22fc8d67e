"""Flaskr: the blog of the tutorial of Flask, with its pages, rules and messages."""
