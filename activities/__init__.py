"""One Azure (or record) operation each, safe to run twice. What is expected to go wrong is answered as a value."""
