"""The state of the emulated cloud, kept in a journal, and its looks at a moment."""
