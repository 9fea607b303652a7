"""Boot tests: a machine is made from a version, asked whether it came up, and deleted."""
