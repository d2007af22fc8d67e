"""`gambrel choose`: an interview, and the answer to it."""
