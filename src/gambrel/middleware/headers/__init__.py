"""Security headers as an extension: one of the defaults, and so loaded without the others."""
