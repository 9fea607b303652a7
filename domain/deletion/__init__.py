"""The conditions of the one irreversible act."""
