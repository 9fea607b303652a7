"""HTTP: parse, call a service, answer. One module for each resource."""
