"""One verb a file; each takes ports and values, and returns an outcome."""
