"""Renderers: values in, text out; whatever is untrusted is escaped here."""
