"""What is seen of a database: figures, spans, comments in SQL, and shells."""
