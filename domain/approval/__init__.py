"""The decision whether a deletion is approved."""
