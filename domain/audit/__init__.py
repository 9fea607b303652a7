"""The audit of deletions: which facts there are, the chain that they lie in, and where its end is held."""
