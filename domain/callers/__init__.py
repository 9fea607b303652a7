"""Callers, what proves them, and what that allows."""
