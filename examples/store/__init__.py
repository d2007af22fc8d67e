"""A shop for music: eleven tables that were there before, looked at in pages."""
