"""The embedded default: GitHub and AWS on loopback, over a real git repository and moto."""
