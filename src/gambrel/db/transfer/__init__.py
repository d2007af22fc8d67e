"""Data in and out of a database: dumps that any other takes, backups, seeds, anonymous copies."""
