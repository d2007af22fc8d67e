"""A stylesheet and a script for pages that are to look finished before anybody has designed them.

app = App(extensions=[Templates(), Looks()])

<head>{{ looks }}</head>
"""

from gambrel.looks.extension import Looks

__all__ = ["Looks"]
