"""What exists in the emulated cloud, kept in a journal, and what it looks like at a moment."""
