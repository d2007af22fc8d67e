"""What is seen of a database: plans, figures, spans, comments in SQL, and its own client."""
