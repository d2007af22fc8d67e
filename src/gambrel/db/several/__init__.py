"""More than one database: by name, by model, and replicas that are read from."""
