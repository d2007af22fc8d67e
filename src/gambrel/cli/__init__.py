"""The `gambrel` command.

Loads the target and runs one command on it; batteries add theirs through the door.
Imported by nobody, and may import everything.
"""
