"""Gambrel: everything under one roof.

The names an application uses every day. Whoever extends the framework imports
`gambrel.extend`; whoever uses a battery imports the battery (`gambrel.openapi`).
"""
