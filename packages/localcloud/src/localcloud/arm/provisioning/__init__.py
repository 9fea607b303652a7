"""How a resource comes to be, changes and goes: writes, reads, asynchronous operations, replication."""
