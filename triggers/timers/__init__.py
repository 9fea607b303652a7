"""Timers: the sweep and the purge, which run by the clock."""
