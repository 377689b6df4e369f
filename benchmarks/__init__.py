"""What `make bench` measures: calls that must not grow with the tree, and time beside peers."""
