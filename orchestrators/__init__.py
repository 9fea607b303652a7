"""The order of effects. Replayed at every step: the context's time only, no I/O, randomness or environment."""
