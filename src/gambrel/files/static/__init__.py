"""Static files: folders found by name, states of files in memory, names that tell the content."""
