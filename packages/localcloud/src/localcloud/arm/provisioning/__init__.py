"""The life of a resource: writes, reads, asynchronous operations, replication, deletion."""
