"""What `gambrel dev` is made of: watching files, and a process for every state of them."""
