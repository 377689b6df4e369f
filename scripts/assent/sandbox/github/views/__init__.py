"""Resources as GitHub's JSON."""
