"""What sessions can do with statements and rows, beside what is of SQLAlchemy."""
