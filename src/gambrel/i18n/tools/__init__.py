"""What makes catalogs: texts are found, written into files, and brought up to date.

The command `gambrel i18n` works here; no request does.
"""
