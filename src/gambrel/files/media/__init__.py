"""Media: files of visitors, kept under random keys and given out by signed URLs."""
