"""What files of migrations use beside Alembic's `op`: rows in batches, changes that lock nothing."""
