"""Judging the whole trail: git, receipts, registry and parameters, from values that were read."""
