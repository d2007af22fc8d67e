"""`gambrel db`: what is done with databases from the command line."""
