"""Request bodies: read whole within a limit, as JSON, as a form, or part by part.

They know header fields and errors, and nothing of the request that they belong to.
"""
