"""The backends of the records."""
