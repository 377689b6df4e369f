"""A promotion repository of one's own: what it is made of, and bringing a folder to that."""
