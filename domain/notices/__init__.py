"""Telling people: what is said of a migration, to whom, and when."""
