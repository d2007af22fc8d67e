"""Commands that write what an app is described by, and what is made of that."""
