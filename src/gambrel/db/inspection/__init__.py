"""Models of a database that is there already, and pictures of models: `gambrel db inspect`."""
