"""What happens to a connection before its first message: accepting it, and who it comes from."""
