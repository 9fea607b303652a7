"""The order of effects. Replayed from history at every step: the context's time only, no I/O, no randomness, no environment."""
