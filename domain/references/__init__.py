"""The users of a managed image: from what Azure tells, to users, locks, and whether all of it was told."""
