"""Whether a deletion is approved."""
