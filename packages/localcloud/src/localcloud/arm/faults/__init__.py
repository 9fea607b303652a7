"""Faults that tests and scripts ask for."""
