"""`make demo`: one managed image, migrated on a local cloud of its own, as a user would see it."""
