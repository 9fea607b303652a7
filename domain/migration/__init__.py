"""The decisions of a migration: its request, its plan, its bodies, how far it has come."""
