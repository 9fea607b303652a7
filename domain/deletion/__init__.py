"""What must hold before the one irreversible act."""
