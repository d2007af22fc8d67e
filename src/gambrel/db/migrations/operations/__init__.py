"""What files of migrations use beside Alembic's `op`: rows, and changes that lock nothing."""
