"""The pure core: every decision of a migration as a function on frozen values. No Azure, clock, environment or I/O."""
