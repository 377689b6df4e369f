"""What the ports look like against the real services, and in memory."""
