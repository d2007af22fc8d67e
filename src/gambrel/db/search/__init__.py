"""Full-text search: one declaration for SQLite, PostgreSQL and MariaDB."""
