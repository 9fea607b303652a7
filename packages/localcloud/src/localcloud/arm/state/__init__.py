"""The state of the emulated cloud, kept in a journal, and what a client sees of it at a given time."""
