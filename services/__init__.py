"""Use cases that triggers and activities share; what they need is handed to them."""
