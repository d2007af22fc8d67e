"""What `run` and `dev` share: is the app safe to serve, the listening socket, and who serves."""
